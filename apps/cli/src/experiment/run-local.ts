/** Runs the cells of a spec on threads of this process, as many at a time as there are workers. */
import { Worker } from 'node:worker_threads';
import { cellKeys, type CellKey, type CellResult } from '#simulation';
import type { CellReply, CellRequest, CellThreadData } from './cell-protocol.js';
import { NO_JOURNAL, type Journal } from './journal.js';
import type { Experiment } from './read-experiment.js';

export interface LocalRun {
  readonly workers: number;
  /** Cells that ended, and the shares of those that run. */
  readonly onProgress: (done: number) => void;
  /** Ends the run early: cells that run are given up. */
  readonly signal: AbortSignal;
  readonly journal?: Journal;
}

const THREAD = new URL('./cell-thread.js', import.meta.url);

/** Every cell's result in no particular order; only those that ended when the signal came. `thread`: what runs a cell. */
export async function runLocally(experiment: Experiment, run: LocalRun, thread: URL = THREAD): Promise<CellResult[]> {
  const journal = run.journal ?? NO_JOURNAL;
  const results: CellResult[] = [...journal.results];
  const done = new Set(results.map(({ key }) => nameOf(key)));
  const waiting = cellKeys(experiment.spec).filter((key) => !done.has(nameOf(key)));
  const shares = new Map<number, number>();
  const report = (): void => {
    run.onProgress(results.length + [...shares.values()].reduce((sum, share) => sum + share, 0));
  };
  const lane = async (at: number): Promise<void> => {
    let worker: CellThread | null = null;
    for (let key = waiting.shift(); key !== undefined && !run.signal.aborted; key = waiting.shift()) {
      worker ??= new CellThread(threadData(experiment), thread);
      const result = await worker.run(key, run.signal, (share) => {
        shares.set(at, share);
        report();
      });
      shares.delete(at);
      if (worker.isDead) worker = null;
      if (result === null) break;
      results.push(result);
      journal.add(result);
      report();
    }
    await worker?.stop();
  };
  report();
  await Promise.all(Array.from({ length: Math.min(run.workers, waiting.length) }, (_, at) => lane(at)));
  return results;
}

/** One thread and the cell it is at. */
class CellThread {
  readonly #worker: Worker;
  isDead = false;

  constructor(data: CellThreadData, thread: URL) {
    this.#worker = new Worker(thread, { workerData: data });
  }

  /** Null when the signal came first. A thread that dies fails its cell, and only that. */
  run(key: CellKey, signal: AbortSignal, onShare: (share: number) => void): Promise<CellResult | null> {
    return new Promise((resolve) => {
      const worker = this.#worker;
      const end = (result: CellResult | null): void => {
        worker.removeAllListeners();
        signal.removeEventListener('abort', abort);
        resolve(result);
      };
      const die = (reason: string): void => {
        this.isDead = true;
        end({ status: 'FAILED', key, error: reason });
      };
      const abort = (): void => end(null);
      signal.addEventListener('abort', abort);
      worker.on('message', (reply: CellReply) => {
        if (reply.kind === 'PROGRESS') onShare(reply.share);
        else end(reply.result);
      });
      worker.on('error', (error: unknown) => die(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => die(`its thread ended with code ${code}`));
      worker.postMessage(key satisfies CellRequest);
    });
  }

  async stop(): Promise<void> {
    this.isDead = true;
    await this.#worker.terminate();
  }
}

function threadData({ spec, index, tracePath }: Experiment): CellThreadData {
  if (index === null || tracePath === null) return { spec, traces: null };
  const { format, meaning, vms, skippedVms, rowCount, startMs, stepMs } = index;
  return { spec, traces: { path: tracePath, index: { format, meaning, vms, skippedVms, rowCount, startMs, stepMs } } };
}

function nameOf({ policyAt, ratioAt, seedAt }: CellKey): string {
  return `${policyAt} ${ratioAt} ${seedAt}`;
}
