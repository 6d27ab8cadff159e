import type { QueueName } from '#contracts';

/** How one queue is worked; every queue states every value. */
export interface QueueSettings {
  /** Jobs that one worker process has in hand at a time. */
  readonly concurrency: number;
  /** A job whose lock was not renewed for so long is taken to have lost its worker. */
  readonly lockMs: number;
  /** How often lost jobs are looked for. */
  readonly stalledCheckMs: number;
  /** How often a job may lose its worker before it fails. */
  readonly maxStalledCount: number;
  /** Tries in all; a handler that throws uses one up. */
  readonly attempts: number;
  /** Pause before the second try; doubles with each further one. */
  readonly backoffMs: number;
  /** Finished jobs stay to be looked at for so long, the newest so many of them … */
  readonly keepDoneSec: number;
  readonly keepDoneJobs: number;
  /** … and failed ones likewise. */
  readonly keepFailedSec: number;
  readonly keepFailedJobs: number;
}

const HOUR_SEC = 3600;

/**
 * Handlers only hand work over to the worker's own loop (ADR 3), so they are short and many may wait together; a lost worker
 * is noticed within seconds.
 */
export const QUEUE_SETTINGS: Readonly<Record<QueueName, QueueSettings>> = {
  operations: {
    concurrency: 256,
    lockMs: 15_000,
    stalledCheckMs: 5_000,
    maxStalledCount: 10,
    attempts: 5,
    backoffMs: 250,
    keepDoneSec: HOUR_SEC,
    keepDoneJobs: 1_000,
    keepFailedSec: 7 * 24 * HOUR_SEC,
    keepFailedJobs: 10_000,
  },
  guests: {
    concurrency: 64,
    lockMs: 60_000,
    stalledCheckMs: 5_000,
    maxStalledCount: 10,
    attempts: 5,
    backoffMs: 250,
    keepDoneSec: HOUR_SEC,
    keepDoneJobs: 1_000,
    keepFailedSec: 7 * 24 * HOUR_SEC,
    keepFailedJobs: 10_000,
  },
  // A question is asked once: whoever asked is gone by the time of a second try.
  inspections: {
    concurrency: 64,
    lockMs: 15_000,
    stalledCheckMs: 5_000,
    maxStalledCount: 1,
    attempts: 1,
    backoffMs: 0,
    keepDoneSec: 60,
    keepDoneJobs: 1_000,
    keepFailedSec: HOUR_SEC,
    keepFailedJobs: 1_000,
  },
  // Planning takes milliseconds, and what moves memory are operations; a schedule's jitter waits in the handler.
  rebalances: {
    concurrency: 16,
    lockMs: 30_000,
    stalledCheckMs: 5_000,
    maxStalledCount: 10,
    attempts: 5,
    backoffMs: 250,
    keepDoneSec: HOUR_SEC,
    keepDoneJobs: 1_000,
    keepFailedSec: 7 * 24 * HOUR_SEC,
    keepFailedJobs: 1_000,
  },
  // A cell computes for minutes, on a thread: its lock is renewed meanwhile. The rows say what was done; trying again is cheap.
  experiments: {
    concurrency: 256,
    lockMs: 15_000,
    stalledCheckMs: 5_000,
    maxStalledCount: 10,
    attempts: 5,
    backoffMs: 250,
    keepDoneSec: HOUR_SEC,
    keepDoneJobs: 1_000,
    keepFailedSec: 7 * 24 * HOUR_SEC,
    keepFailedJobs: 1_000,
  },
};
