import {
  Fleet as FleetQuestions,
  History as HistoryQuestions,
  type ClockReading,
  type HistoryColumns,
} from '#persistence';
import { Args, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { FLEET_METRICS } from '../enums.js';
import { FleetHistoryArgs } from '../history/history.args.js';
import { historyCost } from '../history/history-cost.js';
import { FleetHistory } from '../history/history.model.js';
import { overcommitRatio } from '../host/overcommit.js';
import { Fleet, FleetClock } from './fleet.model.js';

@Resolver(() => Fleet)
export class FleetResolver {
  constructor(
    private readonly questions: FleetQuestions,
    private readonly past: HistoryQuestions,
  ) {}

  @Query(() => Fleet)
  async fleet(): Promise<Fleet> {
    const totals = await this.questions.totals();
    return { ...totals, overcommitRatio: overcommitRatio(totals) };
  }

  @ResolveField(() => FleetClock)
  clock(): Promise<ClockReading> {
    return this.questions.clock();
  }

  @ResolveField(() => FleetHistory, {
    complexity: historyCost(FLEET_METRICS.length),
    description: "Each guest's mean in a bucket, added up over the guests.",
  })
  history(@Args() { from, to, step, maxPoints, metrics }: FleetHistoryArgs): Promise<HistoryColumns> {
    const range = { from, to, stepMs: step ?? null, maxPoints: maxPoints ?? null };
    return this.past.ofFleet(range, metrics ?? FLEET_METRICS);
  }
}
