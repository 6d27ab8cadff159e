/** `ballast experiment run` and `sensitivity`: cells on this machine, then the answer in every form that was asked for. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Experiment } from '#cells';
import { DomainError } from '#contracts';
import { experimentHtml, experimentPlots, populationShown } from '#report';
import {
  METRICS,
  answerCsv,
  assembleAnswer,
  boundOfExperiment,
  cellKeys,
  drawSpecs,
  sensitivityOf,
  type CellResult,
  type ExperimentAnswer,
} from '#simulation';
import { checkFiles, checkFolders } from '../output-files.js';
import { writePlots } from '../plot-files.js';
import { answerMarkdown } from './answer-markdown.js';
import { answerText } from './answer-text.js';
import { showProgress } from './progress.js';
import { readExperiment } from './read-experiment.js';
import { NO_JOURNAL, openJournal } from './journal.js';
import { runLocally, type LocalRun } from './run-local.js';
import { measureSpeed } from './speed.js';

export interface RunOptions {
  readonly preset?: string;
  readonly out?: string;
  /** Folder for the plots, one SVG each. */
  readonly plots?: string;
  readonly csv?: string;
  readonly markdown?: string;
  readonly json?: true;
  readonly workers?: number;
  /** File of finished cells: a run that was killed goes on from it. */
  readonly journal?: string;
}

export interface SensitivityOptions {
  readonly preset?: string;
  readonly draws: number;
  readonly metric: string;
  readonly json?: true;
  readonly workers?: number;
}

export type CellRunner = (experiment: Experiment, run: LocalRun) => Promise<readonly CellResult[]>;

/** A shell's way of saying that Ctrl-C ended it. */
const INTERRUPTED = 130;

export async function run(
  path: string | undefined,
  options: RunOptions,
  runner: CellRunner = runLocally,
): Promise<void> {
  const { out, csv, markdown, journal, plots } = options;
  checkFiles({ '--out': out, '--csv': csv, '--markdown': markdown, '--journal': journal });
  checkFolders({ '--plots': plots });
  const experiment = readExperiment(path, options.preset);
  const { spec, index } = experiment;
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once('SIGINT', stop);
  const speedOf = measureSpeed();
  const results = await runCells(experiment, runner, {
    ...workersOf(options),
    signal: interrupt.signal,
    journal: journal === undefined ? NO_JOURNAL : openJournal(journal, experiment),
  });
  process.removeListener('SIGINT', stop);
  // A journal brings cells that took no time now.
  if (journal === undefined) console.error(speedOf(results));
  const answer = assembleAnswer(spec, results, boundOfExperiment(spec, index));
  console.log(options.json === true ? JSON.stringify(answer, null, 2) : answerText(answer));
  if (csv !== undefined) writeFileSync(csv, answerCsv(answer));
  if (markdown !== undefined) writeFileSync(markdown, answerMarkdown(spec, answer));
  const report = { spec, answer, results, series: populationShown(spec, index) };
  if (out !== undefined) writeFileSync(out, experimentHtml(report));
  if (plots !== undefined) writePlots(plots, experimentPlots(report));
  if (interrupt.signal.aborted) process.exitCode = INTERRUPTED;
  else if (answer.cells.some(({ status }) => status !== 'DONE')) process.exitCode = 1;
}

export async function sensitivity(
  path: string | undefined,
  options: SensitivityOptions,
  runner: CellRunner = runLocally,
): Promise<void> {
  const { metric } = options;
  if (!isMetric(metric)) {
    throw new DomainError('BAD_INPUT', `--metric must be one of ${Object.keys(METRICS).join(', ')}; got ${metric}`);
  }
  const experiment = readExperiment(path, options.preset);
  const { spec } = experiment;
  const draws = drawSpecs(spec, options.draws, spec.seeds[0] ?? 0);
  const answers: ExperimentAnswer[] = [];
  for (const [at, draw] of draws.entries()) {
    console.error(`draw ${at + 1} of ${draws.length}`);
    const results = await runCells({ ...experiment, spec: draw.spec }, runner, workersOf(options));
    answers.push(assembleAnswer(draw.spec, results, null));
  }
  const found = sensitivityOf(draws, answers, metric);
  if (options.json === true) {
    console.log(JSON.stringify(found, null, 2));
    return;
  }
  const bars = found.constants.map(
    ({ name, low, high, mark, correlation }) =>
      `${name.padEnd(20)} ${correlation.toFixed(2).padStart(5)} ${'#'.repeat(Math.round(Math.abs(correlation) * 30))} (${low} to ${high}${mark === 'GUESS' ? ', a guess' : ''})`,
  );
  const claims = found.claims.map(
    ({ policy, ratio, meanDifference, signHolds, counts }) =>
      `${policy} at ${ratio}: ${meanDifference.toPrecision(3)} against the baseline; the sign holds in ${Math.round(signHolds * 100)} % of draws${counts ? '' : ', which is no claim'}`,
  );
  console.log([`What ${metric} hangs on (rank correlation):`, ...bars, '', ...claims].join('\n'));
}

async function runCells(
  experiment: Experiment,
  runner: CellRunner,
  run: Partial<Omit<LocalRun, 'onProgress'>>,
): Promise<readonly CellResult[]> {
  const { workers = availableParallelism(), signal = new AbortController().signal, journal = NO_JOURNAL } = run;
  const progress = showProgress(cellKeys(experiment.spec).length);
  try {
    return await runner(experiment, { workers, signal, journal, onProgress: (done) => progress.update(done) });
  } finally {
    progress.stop();
  }
}

function workersOf({ workers }: { readonly workers?: number }): { readonly workers?: number } {
  return workers === undefined ? {} : { workers };
}

function isMetric(name: string): name is keyof typeof METRICS {
  return Object.hasOwn(METRICS, name);
}
