import { Experiments, type ExperimentCellRecord, type ExperimentRecord } from '#persistence';
import {
  answerCsv,
  brokenText,
  PRESETS,
  remedyText,
  shortageText,
  type ExperimentAnswer,
  type ExperimentSpec,
  type Preset,
} from '#simulation';
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
  ExperimentPreset,
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

  @Query(() => [ExperimentPreset], { description: 'The classic questions: `startExperiment` takes each by its name.' })
  experimentPresets(): readonly Preset[] {
    return PRESETS;
  }

  @ResolveField(() => [ExperimentCell], { complexity: ({ childComplexity }) => CELLS * childComplexity })
  async cells(@Parent() experiment: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<ExperimentCell[]> {
    const { id, isAnswered } = experiment;
    const [cells, answer] = await Promise.all([
      loaders.experimentCells.load(id),
      isAnswered ? answerOf(id, loaders) : null,
    ]);
    return cells.map((cell) => toCell(experiment, cell, answer));
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
  async digest(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<string | null> {
    return (await answerOf(id, loaders))?.digest ?? null;
  }

  @ResolveField(() => [ExperimentSummary], { complexity: ({ childComplexity }) => SUMMARY_ROWS * childComplexity })
  async summary(
    @Parent() { id }: ExperimentRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<readonly ExperimentSummary[]> {
    return (await answerOf(id, loaders))?.summary ?? [];
  }

  @ResolveField(() => [ExperimentFrontier], { complexity: ({ childComplexity }) => POLICIES * childComplexity })
  async frontier(
    @Parent() { id }: ExperimentRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<readonly ExperimentFrontier[]> {
    return (await answerOf(id, loaders))?.frontier ?? [];
  }

  @ResolveField(() => [ExperimentJudgement], {
    complexity: ({ childComplexity }) => JUDGED * childComplexity,
    description:
      'For each policy and ratio that was run, what of the objective broke, by how much, where, and what helps. Empty for an answer that was stored before this was kept.',
  })
  async judgement(
    @Parent() { id, spec }: ExperimentRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<readonly ExperimentJudgement[]> {
    const { seeds } = spec as ExperimentSpec;
    return ((await answerOf(id, loaders))?.judgement ?? []).map(({ broken, shortAtFullBacking: short, ...at }) => ({
      ...at,
      shortAtFullBacking: short === undefined ? null : { ...short, text: shortageText(short) },
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
  async isPartial(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<boolean> {
    return (await answerOf(id, loaders))?.cells.some(({ status }) => status !== 'DONE') ?? false;
  }

  @ResolveField(() => ExperimentDownloads, { nullable: true, description: 'Once the experiment is answered.' })
  downloads(@Parent() { id, isAnswered }: ExperimentRecord): ExperimentDownloads | null {
    return isAnswered ? downloadsOf(id) : null;
  }

  @ResolveField(() => Json, { nullable: true, description: 'What perfect knowledge allows, host by host.' })
  async bound(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<unknown> {
    return (await answerOf(id, loaders))?.bound ?? null;
  }

  @ResolveField(() => Json, { nullable: true, description: 'All of the answer, as the command line prints it.' })
  async answer(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<unknown> {
    return answerOf(id, loaders);
  }

  @ResolveField(() => String, { nullable: true, description: 'The answer as a CSV table.' })
  async csv(@Parent() { id }: ExperimentRecord, @Context('loaders') loaders: Loaders): Promise<string | null> {
    const answer = await answerOf(id, loaders);
    return answer === null ? null : answerCsv(answer);
  }
}

/** As the worker stored it. */
async function answerOf(id: string, loaders: Loaders): Promise<ExperimentAnswer | null> {
  return (await loaders.experimentAnswer.load(id)) as ExperimentAnswer | null;
}

function toCell(
  { spec }: ExperimentRecord,
  cell: ExperimentCellRecord,
  answer: ExperimentAnswer | null,
): ExperimentCell {
  const { policies, overcommitRatios, seeds } = spec as ExperimentSpec;
  return {
    policy: policies[cell.policyAt]?.label ?? '',
    ratio: overcommitRatios[cell.ratioAt] ?? 0,
    seed: seeds[cell.seedAt] ?? 0,
    status: cell.status,
    progress: cell.progress,
    attempts: cell.attempts,
    error: cell.error,
    metrics: answer?.cells[cell.place]?.metrics ?? null,
  };
}
