import { Fleet } from '#persistence';
import { Args, Field, Float, InputType, Mutation, ObjectType, Resolver } from '@nestjs/graphql';
import { FleetClock } from '../fleet/fleet.model.js';
import { checkRange } from '../limits/checks.js';

const MAX_SPEED = 10_000;

@InputType()
export class SetClockSpeedInput {
  @Field(() => Float, { description: `Simulated seconds per second, from 0 (paused) to ${MAX_SPEED}.` })
  speed!: number;
}

@ObjectType()
export class SetClockSpeedPayload {
  @Field(() => FleetClock)
  clock!: FleetClock;
}

@Resolver()
export class ClockResolver {
  constructor(private readonly fleet: Fleet) {}

  @Mutation(() => SetClockSpeedPayload, { description: 'How fast simulated time passes, for the whole fleet.' })
  async setClockSpeed(@Args('input') { speed }: SetClockSpeedInput): Promise<SetClockSpeedPayload> {
    await this.fleet.setSpeed(checkRange('input.speed', speed, 0, MAX_SPEED));
    return { clock: await this.fleet.clock() };
  }
}
