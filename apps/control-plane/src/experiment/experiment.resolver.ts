import { Experiments, type ExperimentCellRecord, type ExperimentRecord } from '#persistence';
import { answerCsv, brokenText, remedyText, type ExperimentAnswer, type ExperimentSpec } from '#simulation';
import { Args, Context, Float, ID, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { found } from '../errors/found.js';
import type { Loaders } from '../loaders.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { Json } from '../scalars/json.js';
import { downloadsOf } from './downloads.js';
import {
  Experiment,
  ExperimentCell,
  ExperimentConnection,
  ExperimentDownloads,
  ExperimentFrontier,
  ExperimentJudgement,
  ExperimentSummary,
} from './experiment.model.js';

/** What lists of an answer cost a query: an experiment has tens of cells, and a row of its summary for each figure of each. */
const CELLS = 30;
const SUMMARY_ROWS = 200;
const POLICIES = 5;
const JUDGED = 20;

@Resolver(() => Experiment)
export class ExperimentResolver {
  constructor(private readonly questions: Experiments) {}

  @Query(() => Experiment)
  async experiment(@Args('id', { type: () => ID }) id: string): Promise<ExperimentRecord> {
    const [experiment] = await this.questions.find([id]);
    return found('an experiment', 'id', id, experiment);
  }

  @Query(() => ExperimentConnection, { complexity: pageCost, description: 'The newest first.' })
  async experiments(@Args() page: PageArgs): Promise<ConnectionOf<ExperimentRecord>> {
    return toConnection(await this.questions.list(toPageRequest(page)));
  }

  @ResolveField(() => [ExperimentCell], { complexity: ({ childComplexity }) => CELLS * childComplexity })
  async cells(@Parent() experiment: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<ExperimentCell[]> {
    const cells = await loaders.experimentCells.load(experiment.id);
    return cells.map((cell) => toCell(experiment, cell));
  }

  @ResolveField(() => Int)
  async cellCount(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    return (await loaders.experimentCells.load(id)).length;
  }

  @ResolveField(() => Float, { description: '0 to 1: cells that ended, and shares of those that run.' })
  async progress(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    const cells = await loaders.experimentCells.load(id);
    return cells.reduce((sum, { progress }) => sum + progress, 0) / Math.max(1, cells.length);
  }

  @ResolveField(() => String, { nullable: true, description: 'Of the whole answer; equal for equal runs anywhere.' })
  digest(@Parent() experiment: ExperimentRecord): string | null {
    return answerOf(experiment)?.digest ?? null;
  }

  @ResolveField(() => [ExperimentSummary], { complexity: ({ childComplexity }) => SUMMARY_ROWS * childComplexity })
  summary(@Parent() experiment: ExperimentRecord): readonly ExperimentSummary[] {
    return answerOf(experiment)?.summary ?? [];
  }

  @ResolveField(() => [ExperimentFrontier], { complexity: ({ childComplexity }) => POLICIES * childComplexity })
  frontier(@Parent() experiment: ExperimentRecord): readonly ExperimentFrontier[] {
    return answerOf(experiment)?.frontier ?? [];
  }

  @ResolveField(() => [ExperimentJudgement], {
    complexity: ({ childComplexity }) => JUDGED * childComplexity,
    description:
      'For each policy and ratio that was run, what of the objective broke, by how much, where, and what helps. Empty for an answer that was stored before this was kept.',
  })
  judgement(@Parent() experiment: ExperimentRecord): readonly ExperimentJudgement[] {
    const { seeds } = experiment.spec as ExperimentSpec;
    return (answerOf(experiment)?.judgement ?? []).map(({ broken, ...at }) => ({
      ...at,
      broken: broken.map((test) => ({
        ...test,
        text: brokenText(test, seeds.length),
        remedy: remedyText(test),
      })),
    }));
  }

  @ResolveField(() => Boolean, {
    description: 'The answer is of some of the cells only: it was cancelled, or cells failed. `cells` says which.',
  })
  isPartial(@Parent() experiment: ExperimentRecord): boolean {
    return answerOf(experiment)?.cells.some(({ status }) => status !== 'DONE') ?? false;
  }

  @ResolveField(() => ExperimentDownloads, { nullable: true, description: 'Once the experiment is answered.' })
  downloads(@Parent() experiment: ExperimentRecord): ExperimentDownloads | null {
    return experiment.answer === null ? null : downloadsOf(experiment.id);
  }

  @ResolveField(() => Json, { nullable: true, description: 'What perfect knowledge allows, host by host.' })
  bound(@Parent() experiment: ExperimentRecord): unknown {
    return answerOf(experiment)?.bound ?? null;
  }

  @ResolveField(() => Json, { nullable: true, description: 'All of the answer, as the command line prints it.' })
  answer(@Parent() experiment: ExperimentRecord): unknown {
    return experiment.answer;
  }

  @ResolveField(() => String, { nullable: true, description: 'The answer as a CSV table.' })
  csv(@Parent() experiment: ExperimentRecord): string | null {
    const answer = answerOf(experiment);
    return answer === null ? null : answerCsv(answer);
  }
}

/** As the worker stored it. */
function answerOf({ answer }: ExperimentRecord): ExperimentAnswer | null {
  return answer as ExperimentAnswer | null;
}

function toCell(experiment: ExperimentRecord, cell: ExperimentCellRecord): ExperimentCell {
  const { policies, overcommitRatios, seeds } = experiment.spec as ExperimentSpec;
  return {
    policy: policies[cell.policyAt]?.label ?? '',
    ratio: overcommitRatios[cell.ratioAt] ?? 0,
    seed: seeds[cell.seedAt] ?? 0,
    status: cell.status,
    progress: cell.progress,
    attempts: cell.attempts,
    error: cell.error,
    metrics: answerOf(experiment)?.cells[cell.place]?.metrics ?? null,
  };
}
