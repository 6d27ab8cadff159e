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

  @Field(() => Bytes, { nullable: true, description: 'What the host keeps for itself. Default: 0.' })
  reservedBytes?: number | null;

  @Field(() => Bytes, { nullable: true, description: 'Default: 0.' })
  swapBytes?: number | null;

  @Field(() => String, { nullable: true, description: 'One of the names that policies lists. Default: none.' })
  policy?: string | null;

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

  @Field(() => Boolean, { nullable: true, description: 'Delete its guests too. Default: false.' })
  evict?: boolean | null;
}

@ObjectType()
export class DeleteHostPayload {
  @Field(() => ID)
  deletedId!: string;
}
