/**
 * Many guests under one clock. Nothing couples them yet, so each is a function of its own configuration and commands; the
 * order in which they run does not matter.
 */
import {
  DomainError,
  type GuestCommand,
  type GuestSample,
  type InspectionAnswer,
  type InspectionQuestion,
  type OperationResult,
} from '#contracts';
import { Guest } from '#guest';
import { invariant, PAGE_SIZE_BYTES, unreachable } from '#units';
import { toGuestOptions } from './guest-options.js';
import { toOperationResult, toSample, toWorkResult } from './guest-sample.js';
import { toShares } from './page-shares.js';
import type { SimulatedGuest } from './simulated-guest.js';

/** A guest samples itself at every tick that this divides. */
export const SAMPLE_EVERY_TICKS = 5;

export interface Advance {
  readonly samples: readonly GuestSample[];
  readonly results: readonly OperationResult[];
}

interface MutableAdvance {
  readonly samples: GuestSample[];
  readonly results: OperationResult[];
}

export class ShardSimulation {
  readonly #guests = new Map<string, Guest>();

  /** `auditEveryTicks`: how often each guest's memory is recounted, to find bugs; 0: never. */
  constructor(private readonly auditEveryTicks = 0) {}

  /** Boots a guest at the end of `tick` and samples it. Throws DomainError when its configuration cannot be. */
  boot(member: SimulatedGuest, tick: number): GuestSample {
    const guest = bootGuest(member, tick, this.auditEveryTicks);
    this.#guests.set(member.guestId, guest);
    return toSample(member.guestId, guest.read());
  }

  /**
   * Takes a frozen guest in; returns what it is, to be compared with what was stored. Throws GuestSnapshotError for bytes that
   * are no snapshot of it.
   */
  restore(member: SimulatedGuest, bytes: Uint8Array): { readonly tick: number; readonly digest: string } {
    const guest = Guest.restore(toGuestOptions(member, this.auditEveryTicks), bytes);
    this.#guests.set(member.guestId, guest);
    return { tick: guest.tick, digest: guest.digest() };
  }

  remove(guestId: string): void {
    this.#guests.delete(guestId);
  }

  /** Runs every guest from the end of `fromTick` to the end of `toTick`. */
  advance(fromTick: number, toTick: number, commands: readonly GuestCommand[]): Advance {
    const byGuest = new Map<string, GuestCommand[]>();
    for (const command of commands) {
      const known = byGuest.get(command.guestId);
      if (known === undefined) byGuest.set(command.guestId, [command]);
      else known.push(command);
    }
    const all: MutableAdvance = { samples: [], results: [] };
    for (const [guestId, guest] of this.#guests) {
      run(guestId, guest, fromTick, toTick, byGuest.get(guestId) ?? [], all);
    }
    return all;
  }

  /** As advance, for one guest. */
  advanceGuest(guestId: string, fromTick: number, toTick: number, commands: readonly GuestCommand[]): Advance {
    const all: MutableAdvance = { samples: [], results: [] };
    run(guestId, this.#guest(guestId), fromTick, toTick, commands, all);
    return all;
  }

  snapshot(guestId: string): { readonly tick: number; readonly digest: string; readonly bytes: Uint8Array } {
    const guest = this.#guest(guestId);
    return { tick: guest.tick, digest: guest.digest(), bytes: guest.snapshot() };
  }

  /** What only the guest itself can tell. */
  inspect(guestId: string, question: InspectionQuestion): InspectionAnswer {
    const guest = this.#guest(guestId);
    const { tick } = guest;
    switch (question.kind) {
      case 'PROCFS':
        return { tick, text: guest.procText(question.file) };
      case 'PAGE_MAP':
        return { tick, ...toShares(guest.pageMap(question.columns)) };
      default:
        return unreachable(question);
    }
  }

  #guest(guestId: string): Guest {
    const guest = this.#guests.get(guestId);
    if (guest === undefined) throw new DomainError('NOT_FOUND', `guest ${guestId} does not run here`);
    return guest;
  }
}

/** What the core refuses to build is the caller's doing: sizes it cannot have. */
function bootGuest(member: SimulatedGuest, tick: number, auditEveryTicks: number): Guest {
  try {
    return Guest.boot(toGuestOptions(member, auditEveryTicks), tick);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DomainError('BAD_INPUT', `guest ${member.guestId}: ${error.message}`, 'assignedBytes');
  }
}

function run(
  guestId: string,
  guest: Guest,
  fromTick: number,
  toTick: number,
  commands: readonly GuestCommand[],
  all: MutableAdvance,
): void {
  invariant(guest.tick === fromTick, `guest ${guestId} stands at tick ${guest.tick}, not ${fromTick}`);
  let next = 0;
  for (let tick = fromTick + 1; tick <= toTick; tick++) {
    for (let command = commands[next]; command !== undefined && command.tick <= tick; command = commands[++next]) {
      give(guest, command);
    }
    const ended = guest.advance();
    for (const end of ended) all.results.push(toOperationResult(guestId, end));
    const done = guest.takeWorkEnds();
    for (const end of done) all.results.push(toWorkResult(guestId, end));
    if (ended.length > 0 || done.length > 0 || tick % SAMPLE_EVERY_TICKS === 0)
      all.samples.push(toSample(guestId, guest.read()));
  }
}

function give(guest: Guest, command: GuestCommand): void {
  switch (command.kind) {
    case 'CANCEL':
      guest.cancelRequest(command.operationId);
      return;
    case 'PERFORM':
      guest.perform(command.operationId, command.work, command.timeoutMs);
      return;
    case 'SET_BALLOON_TARGET': {
      const targetPages = Math.floor(command.targetBytes / PAGE_SIZE_BYTES);
      guest.requestBalloon(command.operationId, targetPages, command.timeoutMs);
      return;
    }
    default:
      unreachable(command);
  }
}
