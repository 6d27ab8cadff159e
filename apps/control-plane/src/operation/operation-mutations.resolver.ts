import { COMPACT_MODES, ZONE_NAMES, type BalloonKind, type GuestWork } from '#contracts';
import type { OperationRecord } from '#persistence';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { checkOneOf, checkRange } from '../limits/checks.js';
import { OperationWork } from './operation-work.js';
import {
  CancelOperationInput,
  CancelOperationPayload,
  CompactInput,
  CompactPayload,
  DeflateInput,
  DeflatePayload,
  InflateInput,
  InflatePayload,
  OfflineMemoryBlockInput,
  OfflineMemoryBlockPayload,
  OnlineMemoryBlockInput,
  OnlineMemoryBlockPayload,
  SetBalloonTargetInput,
  SetBalloonTargetPayload,
  type WorkInput,
} from './operation.inputs.js';
import { requestFrame } from './request-frame.js';

const MAX_NODE = 7;
const MAX_ORDER = 10;
/** 1 TiB in blocks of 128 MiB, and the hole below 4 GiB. */
const MAX_BLOCK = 8_223;
/** Linux tries for ever; here somebody waits. */
const OFFLINE_TIMEOUT_MS = 60_000;

interface Payload {
  readonly operation: OperationRecord;
}

@Resolver()
export class OperationMutationsResolver {
  constructor(private readonly work: OperationWork) {}

  @Mutation(() => SetBalloonTargetPayload, {
    description: 'Moves the balloon to a size. Answers at once; operationUpdated tells how it goes on.',
  })
  setBalloonTarget(@Args('input') input: SetBalloonTargetInput): Promise<Payload> {
    return this.#moveBalloon('SET_BALLOON_TARGET', input.targetBytes, input);
  }

  @Mutation(() => InflatePayload, { description: 'Takes memory from the guest: adds to the target of its balloon.' })
  inflate(@Args('input') input: InflateInput): Promise<Payload> {
    return this.#moveBalloon('INFLATE', input.bytes, input);
  }

  @Mutation(() => DeflatePayload, {
    description: 'Gives memory back to the guest: takes from the target of its balloon.',
  })
  deflate(@Args('input') input: DeflateInput): Promise<Payload> {
    return this.#moveBalloon('DEFLATE', input.bytes, input);
  }

  @Mutation(() => CompactPayload, {
    description:
      'Gathers free memory into large blocks. The result counts pages and shows the free blocks before and after.',
  })
  compact(@Args('input') input: CompactInput): Promise<Payload> {
    const { node, zone, order, mode } = input;
    return this.#perform(input, {
      kind: 'COMPACT',
      node: node == null ? null : checkRange('input.node', node, 0, MAX_NODE),
      zone: zone == null ? null : checkOneOf('input.zone', zone, ZONE_NAMES),
      order: order == null ? null : checkRange('input.order', order, 1, MAX_ORDER),
      mode: checkOneOf('input.mode', mode ?? 'SYNC', COMPACT_MODES),
    });
  }

  @Mutation(() => OfflineMemoryBlockPayload, {
    description:
      'Takes a block of memory from the guest: its pages move elsewhere. REFUSED when some cannot be moved; tries for timeoutMs ' +
      '(default: a minute) while there is no room.',
  })
  offlineMemoryBlock(@Args('input') input: OfflineMemoryBlockInput): Promise<Payload> {
    const block = checkRange('input.block', input.block, 0, MAX_BLOCK);
    return this.#perform(input, { kind: 'OFFLINE_MEMORY_BLOCK', block }, OFFLINE_TIMEOUT_MS);
  }

  @Mutation(() => OnlineMemoryBlockPayload, { description: 'Gives a block that is offline back to its zone.' })
  onlineMemoryBlock(@Args('input') input: OnlineMemoryBlockInput): Promise<Payload> {
    return this.#perform(input, {
      kind: 'ONLINE_MEMORY_BLOCK',
      block: checkRange('input.block', input.block, 0, MAX_BLOCK),
    });
  }

  @Mutation(() => CancelOperationPayload, {
    description: 'At once while it waits; one that runs is called off by its guest.',
  })
  async cancelOperation(@Args('input') { id }: CancelOperationInput): Promise<Payload> {
    return { operation: await this.work.cancel(id) };
  }

  async #moveBalloon(kind: BalloonKind, bytes: number, input: WorkInput): Promise<Payload> {
    return { operation: await this.work.start({ ...requestFrame(input), kind, bytes }) };
  }

  async #perform(input: WorkInput, work: GuestWork, defaultTimeoutMs: number | null = null): Promise<Payload> {
    const frame = requestFrame(input);
    const timeoutMs = frame.timeoutMs ?? defaultTimeoutMs;
    return { operation: await this.work.start({ ...frame, timeoutMs, kind: work.kind, work }) };
  }
}
