/** One worker thread as an object: requests in, promises out, in order. */
import { Worker } from 'node:worker_threads';
import { DomainError, ERROR_CODES } from '#contracts';
import type { Answers, Kind, Reply, RequestOf, ThreadSettings } from './protocol.js';

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export class SimulationThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #failure: Error | undefined;

  /** `onFailure` hears of a thread that died: its guests are gone with it. */
  constructor(settings: ThreadSettings, onFailure: (error: Error) => void) {
    this.#worker = new Worker(new URL('./main.js', import.meta.url), { workerData: settings });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    const fail = (error: Error): void => {
      this.#failure ??= error;
      for (const pending of this.#pending.values()) pending.reject(error);
      this.#pending.clear();
      onFailure(error);
    };
    this.#worker.on('error', fail);
    this.#worker.on('exit', (code) => {
      if (code !== 0) fail(new Error(`a simulation thread ended with code ${code}`));
    });
  }

  ask<Name extends Kind>(request: RequestOf<Name> & { readonly kind: Name }): Promise<Answers[Name]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise<Answers[Name]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request });
    });
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('answer' in reply) pending?.resolve(reply.answer as never);
    else pending?.reject(toError(reply.error));
  }
}

function toError({ code, message }: { code: string | null; message: string }): Error {
  const known = ERROR_CODES.find((name) => name === code);
  return known === undefined ? new Error(message) : new DomainError(known, message);
}
