import { Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { Json } from '../scalars/json.js';
import { Bytes } from '../scalars/whole-number.js';
import { Host } from './host.model.js';

@InputType()
export class CreateHostInput {
  @Field()
  name!: string;

  @Field(() => Bytes)
  capacityBytes!: number;

  @Field(() => Bytes, { defaultValue: 0 })
  reservedBytes!: number;

  @Field(() => Bytes, { defaultValue: 0 })
  swapBytes!: number;

  @Field({ defaultValue: 'none', description: 'One of the names that policies lists.' })
  policy!: string;

  @Field(() => Json, {
    nullable: true,
    description: 'An object of parameters of the policy; those left out take their defaults.',
  })
  parameters?: unknown;
}

@ObjectType()
export class CreateHostPayload {
  @Field(() => Host)
  host!: unknown;
}

@InputType()
export class DeleteHostInput {
  @Field(() => ID)
  id!: string;

  @Field({ defaultValue: false, description: 'Delete its guests too.' })
  evict!: boolean;
}

@ObjectType()
export class DeleteHostPayload {
  @Field(() => ID)
  deletedId!: string;
}
