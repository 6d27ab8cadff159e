/** A worker thread that runs cells of one experiment, one at a time: pages are never computed on an event loop. */
import { Worker } from 'node:worker_threads';
import type { CellKey, CellResult } from '#simulation';
import type { CellReply, CellRequest, CellThreadData } from './cell-protocol.js';
import type { Experiment } from './open-experiment.js';

const THREAD = new URL('./thread/main.js', import.meta.url);

export class CellThread {
  readonly #worker: Worker;
  isDead = false;

  /** `thread`: what runs a cell. */
  constructor(experiment: Experiment, thread: URL = THREAD) {
    this.#worker = new Worker(thread, { workerData: threadData(experiment) });
  }

  /** Null when the signal came first. A thread that dies fails its cell, and only that. */
  run(key: CellKey, signal: AbortSignal, onShare: (share: number) => void): Promise<CellResult | null> {
    return new Promise((resolve) => {
      const worker = this.#worker;
      const end = (result: CellResult | null): void => {
        // One by one: removing all of them takes the thread's own, too, and it is never heard again.
        worker.off('message', hear).off('error', fail).off('exit', exit);
        signal.removeEventListener('abort', abort);
        resolve(result);
      };
      const die = (reason: string): void => {
        this.isDead = true;
        end({ status: 'FAILED', key, error: reason });
      };
      const hear = (reply: CellReply): void => {
        if (reply.kind === 'PROGRESS') onShare(reply.share);
        else end(reply.result);
      };
      const fail = (error: unknown): void => die(error instanceof Error ? error.message : String(error));
      const exit = (code: number): void => die(`its thread ended with code ${code}`);
      const abort = (): void => end(null);
      signal.addEventListener('abort', abort);
      worker.on('message', hear).on('error', fail).on('exit', exit);
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
