/**
 * A worker thread for one experiment: it reads traces, runs cells one at a time and comes to the answer. None of it is done on an
 * event loop.
 */
import { Worker } from 'node:worker_threads';
import type { CellKey, CellResult, ExperimentAnswer } from '#simulation';
import { invariant } from '#units';
import type { CellReply, CellRequest, CellThreadData, ReportRequest } from './cell-protocol.js';
import type { Experiment } from './open-experiment.js';

const THREAD = new URL('./thread/main.js', import.meta.url);
const NEVER = new AbortController().signal;

export class CellThread {
  readonly #worker: Worker;
  isDead = false;

  /** `niceness`: how much it gives way to other threads, 0 to 19, where the system can tell threads apart. `thread`: what runs a cell. */
  constructor(experiment: Experiment, niceness = 0, thread: URL = THREAD) {
    this.#worker = new Worker(thread, { workerData: threadData(experiment, niceness) });
    // A death is told to whoever waits; the next to ask hears of it, too.
    this.#worker.on('error', () => (this.isDead = true));
    this.#worker.on('exit', () => (this.isDead = true));
  }

  /** Null when the signal came first. A thread that dies fails its cell, and only that. */
  async run(key: CellKey, signal: AbortSignal, onShare: (share: number) => void): Promise<CellResult | null> {
    const hear = (reply: CellReply): CellResult | null => {
      if (reply.kind === 'PROGRESS') onShare(reply.share);
      return reply.kind === 'ENDED' ? reply.result : null;
    };
    try {
      return await this.#ask(key, hear, signal);
    } catch (error) {
      return { status: 'FAILED', key, error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Null when the signal came first. Rejects when there can be no answer; the thread is dead then. */
  answer(results: readonly CellResult[], signal: AbortSignal): Promise<ExperimentAnswer | null> {
    return this.#ask({ results }, (reply) => (reply.kind === 'ANSWERED' ? reply.answer : null), signal);
  }

  /** The report as one HTML page. Rejects when the traces cannot be read any more; the thread is dead then. */
  async report(request: ReportRequest): Promise<string> {
    const html = await this.#ask(request, (reply) => (reply.kind === 'REPORTED' ? reply.html : null), NEVER);
    invariant(html !== null, 'nobody calls a report off');
    return html;
  }

  /** Null, or what is wrong with the traces. */
  async check(): Promise<string | null> {
    const heard = await this.#ask({ isCheck: true }, (reply) => (reply.kind === 'CHECKED' ? reply : null), NEVER);
    return heard?.problem ?? null;
  }

  async stop(): Promise<void> {
    this.isDead = true;
    await this.#worker.terminate();
  }

  /** What `hear` makes of a reply, the first that is not null; null when the signal comes first. Rejects when the thread dies. */
  #ask<T>(request: CellRequest, hear: (reply: CellReply) => T | null, signal: AbortSignal): Promise<T | null> {
    // A signal tells nobody who comes after it: called off while its traces were fetched, a cell would be run to its end.
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const worker = this.#worker;
      const end = (): void => {
        // One by one: removing all of them takes the thread's own, too, and it is never heard again.
        worker.off('message', listen).off('error', fail).off('exit', exit);
        signal.removeEventListener('abort', abort);
      };
      const listen = (reply: CellReply): void => {
        const heard = hear(reply);
        if (heard === null) return;
        end();
        resolve(heard);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const exit = (code: number): void => fail(new Error(`its thread ended with code ${code}`));
      const abort = (): void => {
        end();
        resolve(null);
      };
      signal.addEventListener('abort', abort);
      worker.on('message', listen).on('error', fail).on('exit', exit);
      worker.postMessage(request);
    });
  }
}

function threadData({ spec, index, tracePath }: Experiment, niceness: number): CellThreadData {
  if (tracePath === null) return { spec, traces: null, niceness };
  if (index === null) return { spec, traces: { path: tracePath, index: null }, niceness };
  const { format, meaning, vms, skippedVms, rowCount, startMs, stepMs } = index;
  const told = { format, meaning, vms, skippedVms, rowCount, startMs, stepMs };
  return { spec, traces: { path: tracePath, index: told }, niceness };
}
