import type { OperationKind } from '#contracts';
import type { OperationRecord } from '#persistence';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { checkRange, checkText } from '../limits/checks.js';
import { OperationWork } from './operation-work.js';
import {
  CancelOperationInput,
  CancelOperationPayload,
  DeflateInput,
  DeflatePayload,
  InflateInput,
  InflatePayload,
  SetBalloonTargetInput,
  SetBalloonTargetPayload,
  type WorkInput,
} from './operation.inputs.js';

const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_KEY_LENGTH = 200;
/** Until access control exists nobody has a name. */
const REQUESTED_BY = 'anonymous';

interface Payload {
  readonly operation: OperationRecord;
}

@Resolver()
export class OperationMutationsResolver {
  constructor(private readonly work: OperationWork) {}

  @Mutation(() => SetBalloonTargetPayload)
  setBalloonTarget(@Args('input') input: SetBalloonTargetInput): Promise<Payload> {
    return this.#start('SET_BALLOON_TARGET', input.targetBytes, input);
  }

  @Mutation(() => InflatePayload)
  inflate(@Args('input') input: InflateInput): Promise<Payload> {
    return this.#start('INFLATE', input.bytes, input);
  }

  @Mutation(() => DeflatePayload)
  deflate(@Args('input') input: DeflateInput): Promise<Payload> {
    return this.#start('DEFLATE', input.bytes, input);
  }

  @Mutation(() => CancelOperationPayload, {
    description: 'At once while it waits; one that runs is called off by its guest.',
  })
  async cancelOperation(@Args('input') { id }: CancelOperationInput): Promise<Payload> {
    return { operation: await this.work.cancel(id) };
  }

  async #start(
    kind: OperationKind,
    bytes: number,
    { guestId, timeoutMs, idempotencyKey }: WorkInput,
  ): Promise<Payload> {
    const operation = await this.work.start({
      guestId,
      kind,
      bytes,
      timeoutMs: timeoutMs == null ? null : checkRange('input.timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS),
      requestedBy: REQUESTED_BY,
      idempotencyKey: idempotencyKey == null ? null : checkText('input.idempotencyKey', idempotencyKey, MAX_KEY_LENGTH),
    });
    return { operation };
  }
}
