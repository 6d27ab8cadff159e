/**
 * Everything that changes in a guest besides its memory, as one text: what a snapshot stores and a digest hashes. Keys stand
 * in one order and numbers in their shortest exact form, so that equal states have equal texts.
 */
import type { BalloonRequest } from './balloon/balloon-request.js';
import { heldFrames, type DriverPhase, type FreePageHints, type VirtioBalloon } from './balloon/virtio-balloon.js';
import type { ClockState } from './guest-clock.js';
import type { PendingWork } from './work/guest-work.js';
import type { Programs, ProgramsState } from './workload/programs.js';

export const RUN_STATES = ['RUNNING', 'PAUSED', 'OOM_KILLED', 'KERNEL_BUG'] as const;
export type GuestRunState = (typeof RUN_STATES)[number];

export interface BalloonRecord {
  readonly phase: DriverPhase;
  readonly atUs: number;
  readonly numPages: number;
  readonly movedAtUs: number;
  readonly held: readonly number[];
  readonly targetPages: number;
  readonly actualPages: number;
  readonly inflateRequests: number;
  readonly deflateRequests: number;
  readonly hints: FreePageHints;
}

export interface ProgramsRecord {
  readonly bootTick: number;
  /** Digest of the workload. */
  readonly workload: string;
  readonly random: readonly number[];
  readonly state: Readonly<ProgramsState>;
}

export interface GuestRecord {
  readonly run: GuestRunState;
  /** What stopped the kernel; null while it runs. */
  readonly stopReason: string | null;
  /** The balloon request that somebody waits for. */
  readonly request: BalloonRequest | null;
  /** Other work that goes on. */
  readonly work: readonly PendingWork[];
  /** Ticks that it has spent paused. */
  readonly pausedTicks: number;
  /** Idle share of its pages in the last period of page sampling. */
  readonly idleRatio: number;
  /** Null without MEMORY_BALLOONING. */
  readonly balloon: BalloonRecord | null;
  readonly programs: ProgramsRecord;
  readonly clock: ClockState;
}

/** JSON in printable ASCII: what may be stored a byte a letter. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function balloonRecord(driver: VirtioBalloon): BalloonRecord {
  const { phase, atUs, numPages, movedAtUs, device } = driver;
  return {
    phase,
    atUs,
    numPages,
    movedAtUs,
    held: heldFrames(driver),
    targetPages: device.targetPages,
    actualPages: device.actualPages,
    inflateRequests: device.inflateRequests,
    deflateRequests: device.deflateRequests,
    hints: driver.hints,
  };
}

export function programsRecord({ bootTick, workload, random, state }: Programs): ProgramsRecord {
  return { bootTick, workload: workload.digest, random: [...random.state()], state };
}
