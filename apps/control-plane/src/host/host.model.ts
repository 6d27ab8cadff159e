import type { HostState } from '#contracts';
import { Field, ID, ObjectType } from '@nestjs/graphql';
import { HostStateEnum } from '../enums.js';
import { connectionTypes } from '../paging/connection.js';
import { DateTime } from '../scalars/date-time.js';
import { Json } from '../scalars/json.js';
import { Bytes } from '../scalars/whole-number.js';

@ObjectType()
export class HostPolicy {
  @Field()
  name!: string;

  @Field(() => Json, { description: 'Every parameter of the policy with the value it has on this host.' })
  parameters!: unknown;
}

@ObjectType()
export class Host {
  @Field(() => ID)
  id!: string;

  @Field()
  name!: string;

  @Field(() => Bytes)
  capacityBytes!: number;

  @Field(() => Bytes, { description: 'What the host keeps for itself.' })
  reservedBytes!: number;

  @Field(() => Bytes)
  swapBytes!: number;

  @Field(() => HostStateEnum)
  state!: HostState;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const { Connection: HostConnection, ConnectionResolver: HostConnectionResolver } = connectionTypes(Host);
