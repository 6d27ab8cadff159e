import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { DateTime } from '../scalars/date-time.js';
import { Ratio } from '../scalars/ratio.js';
import { Bytes, Count } from '../scalars/whole-number.js';

@ObjectType()
export class FleetClock {
  @Field(() => Count, { description: 'The last simulated second that is stored.' })
  tick!: number;

  @Field(() => DateTime)
  simulatedAt!: Date;

  @Field(() => Float, { description: 'Simulated seconds per second; 0: paused.' })
  speed!: number;
}

@ObjectType()
export class Fleet {
  @Field(() => Int)
  hostCount!: number;

  @Field(() => Int)
  guestCount!: number;

  @Field(() => Bytes)
  capacityBytes!: number;

  @Field(() => Bytes, { description: 'Configured memory of all guests.' })
  assignedBytes!: number;

  @Field(() => Bytes, { description: 'Total less MemAvailable, over all guests.' })
  usedBytes!: number;

  @Field(() => Bytes)
  balloonActualBytes!: number;

  @Field(() => Bytes, { description: 'Pages that hosts back.' })
  residentBytes!: number;

  @Field(() => Ratio, { description: 'Assigned / capacity; 0 without hosts.' })
  overcommitRatio!: number;

  @Field(() => Int, { description: 'Hosts in another state than HIGH.' })
  hostsUnderPressure!: number;

  @Field(() => Int, { description: 'Guests whose balloon wants pages and gets none.' })
  stalledGuests!: number;
}
