/**
 * Runs cells of experiments as the queue delivers them, whichever worker has the fleet: each cell on a thread of its own, its
 * result in its row. Rows are the truth: a cell that has ended is not run again, and lost jobs are added again from them.
 */
import type { Logger } from '@nestjs/common';
import { CellThread, openExperiment, type Experiment } from '#cells';
import type { ExperimentJob } from '#contracts';
import type { Queues } from '#jobs';
import {
  beginCell,
  endCell,
  goingExperiments,
  loadEnded,
  noteProgress,
  storeAnswer,
  type BegunCell,
  type Database,
} from '#persistence';
import { assembleAnswer, boundOfExperiment, type CellKey, type CellResult, type ExperimentSpec } from '#simulation';
import { resolve } from 'node:path';

export interface ExperimentSettings {
  /** Cells at a time. */
  readonly threads: number;
  /** Where traces lie. */
  readonly traceDir: string;
}

/** How often a cell says how far it is. */
const PROGRESS_MS = 1000;

interface Seat {
  readonly experimentId: string;
  readonly thread: CellThread;
}

export class ExperimentRunner {
  /** Threads that wait for another cell of their experiment. */
  readonly #idle: Seat[] = [];
  readonly #stopping = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly queues: Queues,
    private readonly log: Logger,
    private readonly settings: ExperimentSettings,
  ) {}

  start(): void {
    this.queues.process({ experiments: (job) => this.handle(job) }, { experiments: this.settings.threads });
  }

  /** Gives up the cells in hand: they are delivered again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#idle.splice(0).map(({ thread }) => thread.stop()));
  }

  async handle(job: ExperimentJob): Promise<void> {
    if (job.kind === 'CELL') await this.#runCell(job.experimentId, job.place);
    else await this.#answer(job.experimentId);
  }

  /** Adds the jobs of experiments that go on, where the queue has lost them, and the answers that nobody gave. */
  async sweep(): Promise<void> {
    for (const { experimentId, places } of await goingExperiments(this.database)) {
      if (places.length === 0) await this.#answer(experimentId);
      for (const place of places) {
        const payload = { version: 1, kind: 'CELL', experimentId, place } as const;
        await this.queues.add('experiments', payload, { jobId: `${experimentId}-${place}` });
      }
    }
  }

  async #runCell(experimentId: string, place: number): Promise<void> {
    const cell = await beginCell(this.database, experimentId, place);
    if (cell === null) return;
    const end = await this.#compute(experimentId, place, cell);
    if (end === null) {
      // Nobody wants it any more, or this worker ends and another one takes it.
      if (this.#stopping.signal.aborted) throw new Error('the worker ends');
      return;
    }
    await endCell(this.database, experimentId, place, end);
  }

  async #compute(
    experimentId: string,
    place: number,
    cell: BegunCell,
  ): Promise<{ readonly result: CellResult } | { readonly error: string } | null> {
    const key: CellKey = { policyAt: cell.policyAt, ratioAt: cell.ratioAt, seedAt: cell.seedAt };
    const unwanted = new AbortController();
    let share = 0;
    const report = setInterval(() => {
      noteProgress(this.database, experimentId, place, share).then(
        (isWanted) => {
          if (!isWanted) unwanted.abort();
        },
        (error: unknown) => this.log.warn(`progress was not noted: ${String(error)}`),
      );
    }, PROGRESS_MS);
    try {
      const seat = this.#takeSeat(experimentId, this.#open(cell));
      const signal = AbortSignal.any([unwanted.signal, this.#stopping.signal]);
      const result = await seat.thread.run(key, signal, (told) => (share = told));
      if (result === null) await seat.thread.stop();
      else await this.#leaveSeat(seat);
      if (result === null) return null;
      return result.status === 'FAILED' ? { error: result.error } : { result };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    } finally {
      clearInterval(report);
    }
  }

  async #answer(experimentId: string): Promise<void> {
    const ended = await loadEnded(this.database, experimentId);
    if (ended === null) return;
    const { spec, index } = this.#open(ended);
    const failed = ended.failed.map(({ error, ...key }): CellResult => ({ status: 'FAILED', key, error }));
    const results = [...(ended.results as readonly CellResult[]), ...failed];
    const answer = assembleAnswer(spec, results, boundOfExperiment(spec, index));
    const reason = ended.results.length > 0 ? null : `every cell failed; the first: ${ended.failed[0]?.error ?? ''}`;
    await storeAnswer(this.database, experimentId, { answer, reason });
    this.log.log(`experiment ${experimentId} is answered: ${ended.results.length} cells, ${failed.length} failed`);
  }

  /** Specs are checked when they come in. */
  #open({ spec, tracePath }: Pick<BegunCell, 'spec' | 'tracePath'>): Experiment {
    const path = tracePath === null ? null : resolve(this.settings.traceDir, tracePath);
    return openExperiment(spec as ExperimentSpec, path);
  }

  #takeSeat(experimentId: string, experiment: Experiment): Seat {
    const at = this.#idle.findIndex((seat) => seat.experimentId === experimentId);
    const [seat] = at === -1 ? [] : this.#idle.splice(at, 1);
    return seat ?? { experimentId, thread: new CellThread(experiment) };
  }

  /** Threads of an experiment that is over would wait for ever: one that stays idle gives way to the next. */
  async #leaveSeat(seat: Seat): Promise<void> {
    if (!seat.thread.isDead) this.#idle.push(seat);
    const others = this.#idle.filter(({ experimentId }) => experimentId !== seat.experimentId);
    for (const other of others) {
      this.#idle.splice(this.#idle.indexOf(other), 1);
      await other.thread.stop();
    }
  }
}
