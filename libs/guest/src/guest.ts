/**
 * One simulated VM: the memory core, a virtio balloon and the software that uses the memory, run tick by tick. It is a function
 * of its configuration, its commands and the ticks: no clock, no chance beyond its seed.
 */
import {
  createBalloonDevice,
  createMemory,
  digestMemory,
  freePagesOf,
  isolatedPages,
  KernelBugError,
  NIL,
  procText,
  restoreMemory,
  snapshotMemory,
  vmstat,
  type KernelProfile,
  type Memory,
  type ProcFile,
} from '#memory-core';
import { PAGE_SIZE_BYTES, TICK_US } from '#units';
import { backOffUs, DEFAULT_BALLOON_COSTS, type BalloonCosts } from './balloon/balloon-costs.js';
import { endOf, outcomeOf, STALL_AFTER_US, type BalloonRequestEnd } from './balloon/balloon-request.js';
import { VirtioBalloon } from './balloon/virtio-balloon.js';
import type { GuestState } from './guest-state.js';
import { packGuest, unpackGuest } from './guest-snapshot.js';
import { readGuest, type GuestReading } from './guest-reading.js';
import { SummaryDigest } from './summary-digest.js';
import { MemoryUser } from './workload/memory-user.js';
import type { Workload } from './workload/workload.js';

export interface GuestOptions {
  readonly assignedBytes: number;
  readonly kernelProfile: KernelProfile;
  readonly memoryBallooning: boolean;
  readonly balloonCompaction: boolean;
  readonly deflateOnOom: boolean;
  readonly workload: Workload;
  /** Default: the measured costs of a virtio balloon. */
  readonly balloonCosts?: BalloonCosts;
}

export class Guest {
  readonly #balloon: VirtioBalloon | null;
  readonly #user: MemoryUser;
  readonly #ended: BalloonRequestEnd[] = [];

  private constructor(
    private readonly options: GuestOptions,
    readonly memory: Memory,
    private readonly state: GuestState,
  ) {
    this.#user = new MemoryUser(memory, options.workload, options.assignedBytes / PAGE_SIZE_BYTES, state.user);
    this.#balloon =
      state.device === NIL
        ? null
        : new VirtioBalloon(
            memory,
            {
              device: state.device,
              costs: options.balloonCosts ?? DEFAULT_BALLOON_COSTS,
              backOffUs: backOffUs(options.kernelProfile),
              giveBack: (pages) => this.#user.dropCache(pages),
            },
            state.balloon,
          );
  }

  /** A guest that has just booted at the end of `tick`. Throws RangeError naming the option that cannot be. */
  static boot(options: GuestOptions, tick: number): Guest {
    const { assignedBytes, kernelProfile, memoryBallooning, balloonCompaction } = options;
    const memory = createMemory({ ramBytes: assignedBytes, kernelProfile, memoryBallooning, balloonCompaction });
    const startUs = tick * TICK_US;
    const guest = new Guest(options, memory, {
      run: 'RUNNING',
      bugReason: null,
      bornTick: tick,
      tick,
      device: createBalloonDevice(memory, !options.deflateOnOom),
      balloon: { targetUnits: 0, actualUnits: 0, nextRunUs: startUs, progressUs: startUs },
      user: MemoryUser.boot(memory, assignedBytes / PAGE_SIZE_BYTES),
      request: null,
    });
    guest.#user.settle();
    return guest;
  }

  /** The guest that `snapshot` froze. `options` must be those it was booted with. Throws RangeError or SnapshotError for other bytes. */
  static restore(options: GuestOptions, snapshot: Uint8Array): Guest {
    const { state, memory } = unpackGuest(snapshot);
    return new Guest(options, restoreMemory(memory), state);
  }

  get tick(): number {
    return this.state.tick;
  }

  snapshot(): Uint8Array {
    return packGuest(this.state, snapshotMemory(this.memory));
  }

  /** Digest of everything the guest is; equal for a guest and its restored snapshot. */
  digest(): string {
    return `${digestMemory(this.memory)}${new SummaryDigest().addText(JSON.stringify(this.state)).toString()}`;
  }

  /** Asks the balloon for `targetPages` from the start of the next tick on. A request that still runs is superseded. */
  requestBalloon(id: string, targetPages: number, timeoutMs: number | null): void {
    const tick = this.state.tick + 1;
    const startedUs = this.state.tick * TICK_US;
    const request = { id, targetPages, timeoutMs, startedUs };
    if (this.#balloon === null || this.state.run !== 'RUNNING') {
      const why = this.state.bugReason ?? 'the guest was built without MEMORY_BALLOONING: it has no balloon';
      this.#ended.push(endOf(request, tick, 'REFUSED', this.#heldPages, why));
      return;
    }
    this.#endRequest(tick, 'SUPERSEDED', `operation ${id} asks for ${mib(targetPages)} instead`);
    this.state.request = request;
    this.#balloon.setTarget(targetPages, startedUs);
  }

  /** Calls the request off, if it still runs: the balloon stays as large as it is. */
  cancelRequest(id: string): void {
    if (this.state.request?.id !== id) return;
    const held = this.#heldPages;
    this.#balloon?.setTarget(held, this.state.tick * TICK_US);
    this.#endRequest(this.state.tick + 1, 'CANCELLED', `called off; the balloon stays at ${mib(held)}`);
  }

  /** Runs one tick; returns the requests that ended in it, those of the commands given before it included. */
  advance(): readonly BalloonRequestEnd[] {
    this.state.tick++;
    if (this.state.run === 'RUNNING') {
      try {
        this.#user.advance(this.state.tick - this.state.bornTick);
        this.#balloon?.runUntil(this.state.tick * TICK_US);
        this.#judgeRequest();
      } catch (error) {
        if (!(error instanceof KernelBugError)) throw error;
        this.#stopKernel(error.message);
      }
    }
    return this.#ended.splice(0);
  }

  /** What is known of the guest now. */
  read(): GuestReading {
    const balloon = {
      targetPages: this.state.balloon.targetUnits,
      heldPages: this.#heldPages,
      state: this.#balloonState(),
    };
    const isolated = this.state.device === NIL ? 0 : isolatedPages(this.memory, this.state.device);
    return readGuest(this.memory, this.state, balloon, isolated);
  }

  /** A file of /proc, as Linux prints it. */
  procText(file: ProcFile): string {
    return procText(this.memory, file);
  }

  /** Counters of /proc/vmstat, in Linux's order. */
  vmstat(): readonly (readonly [string, number])[] {
    return vmstat(this.memory);
  }

  get #heldPages(): number {
    return this.#balloon?.heldPages ?? 0;
  }

  #balloonState(): 'IDLE' | 'INFLATING' | 'DEFLATING' | 'STALLED' {
    const { targetUnits, progressUs } = this.state.balloon;
    const held = this.#heldPages;
    if (held === targetUnits) return 'IDLE';
    if (this.state.tick * TICK_US - progressUs >= STALL_AFTER_US) return 'STALLED';
    return held < targetUnits ? 'INFLATING' : 'DEFLATING';
  }

  #judgeRequest(): void {
    const { request, balloon, tick } = this.state;
    if (request === null) return;
    const held = this.#heldPages;
    const outcome = outcomeOf(request, held, balloon.progressUs, tick * TICK_US);
    if (outcome === null) return;
    const standing = `the balloon holds ${mib(held)} of ${mib(request.targetPages)}`;
    const why = {
      REACHED: standing,
      STALLED: `${standing}; no page moved for ${STALL_AFTER_US / 1e6} s, the guest has ${mib(freePagesOf(this.memory))} free`,
      TIMED_OUT: `${standing} after ${request.timeoutMs ?? 0} ms`,
    };
    this.#endRequest(tick, outcome, why[outcome]);
  }

  #endRequest(tick: number, outcome: BalloonRequestEnd['outcome'], why: string): void {
    const { request } = this.state;
    if (request === null) return;
    this.#ended.push(endOf(request, tick, outcome, this.#heldPages, why));
    this.state.request = null;
  }

  #stopKernel(reason: string): void {
    this.state.run = 'KERNEL_BUG';
    this.state.bugReason = `kernel BUG: ${reason}`;
    this.#endRequest(this.state.tick, 'REFUSED', this.state.bugReason);
  }
}

function mib(pages: number): string {
  return `${((pages * PAGE_SIZE_BYTES) / 2 ** 20).toFixed(1)} MiB`;
}
