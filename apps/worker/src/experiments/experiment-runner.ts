/**
 * Runs cells of experiments as the queue delivers them, whichever worker has the fleet: each cell on a thread of its own, its
 * result in its row. Rows are the truth: a cell that has ended is not run again, and lost jobs are added again from them.
 */
import type { Logger } from '@nestjs/common';
import { CellThread } from '#cells';
import { DomainError, type ExperimentJob } from '#contracts';
import type { Queues } from '#jobs';
import {
  TraceCopies,
  Traces,
  beginCell,
  endCell,
  goingExperiments,
  importedTraceId,
  loadEnded,
  noteProgress,
  storeAnswer,
  type BegunCell,
  type Database,
} from '#persistence';
import type { CellKey, CellResult, ExperimentAnswer, ExperimentSpec } from '#simulation';
import { resolve } from 'node:path';

export interface ExperimentSettings {
  /** Cells at a time. */
  readonly threads: number;
  /** Where traces lie. */
  readonly traceDir: string;
}

/** How often a cell says how far it is. */
const PROGRESS_MS = 1000;
/** The live fleet goes first: cells take the processor time that it leaves. */
const CELL_NICENESS = 10;
/** States of a job that is still to be worked, or is. */
const OPEN_STATES = ['waiting', 'active', 'delayed', 'prioritized', 'paused'] as const;
const WORKER_ENDS = 'the worker ends';

interface Seat {
  readonly experimentId: string;
  readonly thread: CellThread;
}

export class ExperimentRunner {
  /** Threads that wait for another cell of their experiment. */
  readonly #idle: Seat[] = [];
  readonly #stopping = new AbortController();
  readonly #copies: TraceCopies;

  constructor(
    private readonly database: Database,
    private readonly queues: Queues,
    private readonly log: Logger,
    private readonly settings: ExperimentSettings,
  ) {
    this.#copies = new TraceCopies(new Traces(database));
  }

  start(): void {
    this.queues.process({ experiments: (job) => this.handle(job) }, { experiments: this.settings.threads });
  }

  /** Gives up the cells in hand: they are delivered again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#idle.splice(0).map(({ thread }) => thread.stop()));
    await this.#copies.remove();
  }

  async handle(job: ExperimentJob): Promise<void> {
    if (job.kind === 'CELL') await this.#runCell(job.experimentId, job.place);
    else await this.#answer(job.experimentId);
  }

  /** Adds the jobs of experiments that go on, where the queue has lost them or given them up, and the answers that nobody gave. */
  async sweep(): Promise<void> {
    const going = await goingExperiments(this.database);
    const alive = new Set(going.map(({ experimentId }) => experimentId));
    await this.#dismiss(({ experimentId }) => !alive.has(experimentId));
    for (const { experimentId, places } of going) if (places.length === 0) await this.#answer(experimentId);
    const wanted = going.reduce((sum, { places }) => sum + places.length, 0);
    // Asking the queue for every cell costs: only when some must be missing.
    if (wanted === 0 || wanted <= (await this.#openJobs())) return;
    for (const { experimentId, places } of going) {
      for (const place of places) {
        const payload = { version: 1, kind: 'CELL', experimentId, place } as const;
        await this.queues.add('experiments', payload, { jobId: `${experimentId}-${place}`, isAgain: true });
      }
    }
  }

  async #openJobs(): Promise<number> {
    const { experiments } = await this.queues.counts();
    return OPEN_STATES.reduce((sum, state) => sum + (experiments[state] ?? 0), 0);
  }

  async #runCell(experimentId: string, place: number): Promise<void> {
    const cell = await beginCell(this.database, experimentId, place);
    if (cell === null) return;
    const end = await this.#compute(experimentId, place, cell);
    if (end === null) {
      // Nobody wants it any more, or this worker ends and another one takes it.
      if (this.#stopping.signal.aborted) throw new Error(WORKER_ENDS);
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
      const seat = await this.#seatOrReason(experimentId, cell);
      if ('error' in seat) return seat;
      const { thread } = seat;
      const signal = AbortSignal.any([unwanted.signal, this.#stopping.signal]);
      const result = await thread.run(key, signal, (told) => (share = told));
      if (result === null) await thread.stop();
      else await this.#leaveSeat({ experimentId, thread });
      if (result === null) return null;
      return result.status === 'FAILED' ? { error: result.error } : { result };
    } finally {
      clearInterval(report);
    }
  }

  async #answer(experimentId: string): Promise<void> {
    const ended = await loadEnded(this.database, experimentId);
    if (ended === null) return;
    const failed = ended.failed.map(({ error, ...key }): CellResult => ({ status: 'FAILED', key, error }));
    const results = [...(ended.results as readonly CellResult[]), ...failed];
    const { answer, problem } = await this.#assemble(experimentId, ended, results);
    if (answer === null && problem === null) throw new Error(WORKER_ENDS);
    const reason = ended.results.length > 0 ? problem : `every cell failed; the first: ${ended.failed[0]?.error ?? ''}`;
    await storeAnswer(this.database, experimentId, { answer, reason });
    const counts = `${ended.results.length} cells, ${failed.length} failed`;
    this.log.log(`experiment ${experimentId} is ${reason === null ? 'answered' : `over: ${reason}`}; ${counts}`);
  }

  /** Neither an answer nor a problem when this worker ends first. */
  async #assemble(
    experimentId: string,
    ended: Pick<BegunCell, 'spec' | 'tracePath'>,
    results: readonly CellResult[],
  ): Promise<{ readonly answer: ExperimentAnswer | null; readonly problem: string | null }> {
    const seat = await this.#seatOrReason(experimentId, ended);
    if ('error' in seat) return { answer: null, problem: `no answer can be given: ${seat.error}` };
    try {
      return { answer: await seat.thread.answer(results, this.#stopping.signal), problem: null };
    } catch (error) {
      return { answer: null, problem: `no answer can be given: ${reasonOf(error)}` };
    } finally {
      await seat.thread.stop();
    }
  }

  /** Why there is no seat when the experiment's traces are gone for good; anything else, as a database that is away, may pass. */
  async #seatOrReason(
    experimentId: string,
    experiment: Pick<BegunCell, 'spec' | 'tracePath'>,
  ): Promise<Seat | { readonly error: string }> {
    try {
      return await this.#takeSeat(experimentId, experiment);
    } catch (error) {
      if (error instanceof DomainError) return { error: error.message };
      throw error;
    }
  }

  /** A thread that has read the experiment's traces already, or a new one. Specs are checked when they come in. */
  async #takeSeat(experimentId: string, { spec, tracePath }: Pick<BegunCell, 'spec' | 'tracePath'>): Promise<Seat> {
    const at = this.#idle.findIndex((seat) => seat.experimentId === experimentId && !seat.thread.isDead);
    const [seat] = at === -1 ? [] : this.#idle.splice(at, 1);
    if (seat !== undefined) return seat;
    const path = tracePath === null ? null : await this.#locate(tracePath);
    const experiment = { spec: spec as ExperimentSpec, index: null, tracePath: path };
    return { experimentId, thread: new CellThread(experiment, CELL_NICENESS) };
  }

  async #locate(tracePath: string): Promise<string> {
    const imported = importedTraceId(tracePath);
    return imported === null ? resolve(this.settings.traceDir, tracePath) : this.#copies.pathOf(imported);
  }

  /** Threads of an experiment that is over would wait for ever: one that stays idle gives way to the next. */
  async #leaveSeat(seat: Seat): Promise<void> {
    if (!seat.thread.isDead) this.#idle.push(seat);
    await this.#dismiss(({ experimentId }) => experimentId !== seat.experimentId);
  }

  async #dismiss(isUnwanted: (seat: Seat) => boolean): Promise<void> {
    const unwanted = this.#idle.filter(isUnwanted);
    for (const seat of unwanted) this.#idle.splice(this.#idle.indexOf(seat), 1);
    await Promise.all(unwanted.map(({ thread }) => thread.stop()));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
