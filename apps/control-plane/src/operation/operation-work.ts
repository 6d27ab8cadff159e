import { setTimeout as sleep } from 'node:timers/promises';
import { Queues } from '#jobs';
import { Operations, type OperationRecord, type OperationRequest } from '#persistence';
import { Injectable, Logger } from '@nestjs/common';
import { found } from '../errors/found.js';

/** Who waits for an operation looks at its row this often. */
const LOOK_MS = 100;

/**
 * Work on guests: first the row, which acknowledges it, then the job, which carries it (ARCHITECTURE.md, "One operation"). A job
 * that cannot be sent is not an error: the worker finds the row.
 */
@Injectable()
export class OperationWork {
  readonly #log = new Logger('operations');

  constructor(
    private readonly operations: Operations,
    private readonly queues: Queues,
  ) {}

  /** Throws DomainError as Operations.acknowledge does. */
  async start(request: OperationRequest): Promise<OperationRecord> {
    const { operationId, isNew } = await this.operations.acknowledge(request);
    if (isNew) await this.#send(operationId, request.guestId, operationId);
    return this.#read(operationId);
  }

  /** Throws DomainError as Operations.cancel does. */
  async cancel(id: string): Promise<OperationRecord> {
    const cancellation = await this.operations.cancel(id);
    if (cancellation.kind === 'ASKED') await this.#send(id, cancellation.guestId, `${id}-cancel`);
    return this.#read(id);
  }

  /** As start, and waits until the operation has ended, or for so long; gives it as it is then. */
  async startAndWait(request: OperationRequest, limitMs: number): Promise<OperationRecord> {
    let operation = await this.start(request);
    const end = Date.now() + limitMs;
    while (operation.finishedAt === null && Date.now() < end) {
      await sleep(LOOK_MS);
      operation = await this.#read(operation.id);
    }
    return operation;
  }

  async #send(operationId: string, guestId: string, jobId: string): Promise<void> {
    try {
      await this.queues.add('operations', { version: 1, operationId, guestId }, { jobId });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn(`no job for operation ${operationId}, its row waits: ${reason}`);
    }
  }

  async #read(id: string): Promise<OperationRecord> {
    const [operation] = await this.operations.find([id]);
    return found('an operation', 'id', id, operation);
  }
}
