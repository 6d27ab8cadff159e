import { Field, Float, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Json } from '../scalars/json.js';

const ParameterType = { INTEGER: 'INTEGER', NUMBER: 'NUMBER', BOOLEAN: 'BOOLEAN', CHOICE: 'CHOICE' } as const;
registerEnumType(ParameterType, { name: 'PolicyParameterType' });

@ObjectType()
export class PolicyParameter {
  @Field()
  name!: string;

  @Field(() => ParameterType)
  type!: keyof typeof ParameterType;

  @Field(() => Json, { nullable: true, description: 'Null: not set, and the description says what holds then.' })
  default!: unknown;

  @Field(() => Float, { nullable: true, description: 'Inclusive.' })
  min!: number | null;

  @Field(() => Float, { nullable: true, description: 'Inclusive.' })
  max!: number | null;

  @Field(() => String, { nullable: true })
  unit!: string | null;

  @Field(() => [String], { nullable: true, description: 'The names a CHOICE takes.' })
  choices!: readonly string[] | null;

  @Field()
  description!: string;
}

@ObjectType()
export class Policy {
  @Field()
  name!: string;

  @Field()
  description!: string;

  @Field({ description: 'Where the rule comes from.' })
  origin!: string;

  @Field(() => [PolicyParameter])
  parameters!: readonly PolicyParameter[];
}
