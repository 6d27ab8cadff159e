/**
 * The guests of one thread. Each stands on its own: one that fails, by a bug or by what it is made of, is put out and named, and
 * the others go on.
 */
import type { GuestCommand, GuestSample, InspectionAnswer, InspectionQuestion, OperationResult } from '#contracts';
import type { GuestMember, RecoverableGuest, StoppedGuest } from '#persistence';
import { ShardSimulation } from '#simulation';
import type { AdvanceAnswer, BootAnswer, FrozenGuest, RecoveryReport, ThreadSettings } from './protocol.js';
import { recoverGuest } from './recover.js';
import { packSnapshot } from './snapshot-codec.js';

export class GuestGroup {
  readonly #simulation: ShardSimulation;
  readonly #guestIds = new Set<string>();

  constructor({ auditEveryTicks }: ThreadSettings) {
    this.#simulation = new ShardSimulation(auditEveryTicks);
  }

  boot(members: readonly GuestMember[], tick: number): BootAnswer {
    const samples: GuestSample[] = [];
    const stopped: StoppedGuest[] = [];
    for (const member of members) {
      try {
        samples.push(this.#simulation.boot(member, tick));
        this.#guestIds.add(member.guestId);
      } catch (error) {
        stopped.push({ guestId: member.guestId, reason: `it could not boot: ${messageOf(error)}` });
      }
    }
    return { samples, stopped };
  }

  recover(guests: readonly RecoverableGuest[], toTick: number): RecoveryReport[] {
    return guests.map((guest) => this.#recover(guest, toTick));
  }

  remove(guestIds: readonly string[]): void {
    for (const guestId of guestIds) this.#remove(guestId);
  }

  /** Runs every guest from the end of `fromTick` to the end of `toTick`. */
  advance(fromTick: number, toTick: number, commands: readonly GuestCommand[]): AdvanceAnswer {
    const samples: GuestSample[] = [];
    const results: OperationResult[] = [];
    const stopped: StoppedGuest[] = [];
    const commandsOf = groupByGuest(commands);
    for (const guestId of this.#guestIds) {
      try {
        const done = this.#simulation.advanceGuest(guestId, fromTick, toTick, commandsOf.get(guestId) ?? []);
        samples.push(...done.samples);
        results.push(...done.results);
      } catch (error) {
        this.#remove(guestId);
        stopped.push({ guestId, reason: `it failed between ticks ${fromTick} and ${toTick}: ${messageOf(error)}` });
      }
    }
    return { samples, results, stopped };
  }

  freeze(guestIds: readonly string[]): FrozenGuest[] {
    return guestIds.map((guestId) => {
      const { tick, digest, bytes } = this.#simulation.snapshot(guestId);
      return { guestId, tick, digest, bytes: packSnapshot(bytes) };
    });
  }

  /** Throws DomainError for what the guest's kernel does not show. */
  inspect(guestId: string, question: InspectionQuestion): InspectionAnswer {
    return this.#simulation.inspect(guestId, question);
  }

  #recover(guest: RecoverableGuest, toTick: number): RecoveryReport {
    const { guestId } = guest.member;
    const fromTick = guest.snapshot?.tick ?? guest.bornTick;
    try {
      const problem = recoverGuest(this.#simulation, guest, fromTick, toTick);
      if (problem === null) this.#guestIds.add(guestId);
      else this.#remove(guestId);
      return { guestId, replayedTicks: toTick - fromTick, problem };
    } catch (error) {
      this.#remove(guestId);
      const problem = `it could not be brought from tick ${fromTick} to ${toTick}: ${messageOf(error)}`;
      return { guestId, replayedTicks: 0, problem };
    }
  }

  #remove(guestId: string): void {
    this.#simulation.remove(guestId);
    this.#guestIds.delete(guestId);
  }
}

function groupByGuest(commands: readonly GuestCommand[]): Map<string, GuestCommand[]> {
  const groups = new Map<string, GuestCommand[]>();
  for (const command of commands) {
    const group = groups.get(command.guestId);
    if (group === undefined) groups.set(command.guestId, [command]);
    else group.push(command);
  }
  return groups;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
