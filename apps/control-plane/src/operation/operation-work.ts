import { Queues } from '#jobs';
import { Operations, type OperationRecord, type OperationRequest } from '#persistence';
import { Injectable, Logger } from '@nestjs/common';
import { found } from '../errors/found.js';

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
