import { Queues } from '#jobs';
import { Injectable, Logger } from '@nestjs/common';

/** So long a mutation waits for new guests to boot, that its answer may hold their first samples. */
const BOOT_LIMIT_MS = 10_000;

/**
 * Tells the workers of guests that were born or deleted. The rows say it too and are looked through every few seconds, so
 * a job that cannot be sent is not lost work.
 */
@Injectable()
export class GuestJobs {
  readonly #log = new Logger('guests');

  constructor(private readonly queues: Queues) {}

  /** Returns when the guests have booted, or when it takes too long. */
  async boot(guestIds: readonly string[]): Promise<void> {
    await Promise.all(
      guestIds.map(async (guestId) => {
        const job = this.queues.addAndWait('guests', { version: 1, guestId }, BOOT_LIMIT_MS, {
          jobId: `${guestId}-boot`,
        });
        const answer = await job.catch((error: unknown) => this.#notSent(guestId, error));
        if (answer?.kind === 'FAILED') this.#log.warn(`guest ${guestId} did not boot: ${answer.reason}`);
      }),
    );
  }

  async announceDeleted(guestIds: readonly string[]): Promise<void> {
    await Promise.all(
      guestIds.map((guestId) =>
        this.queues
          .add('guests', { version: 1, guestId }, { jobId: `${guestId}-delete` })
          .catch((error: unknown) => this.#notSent(guestId, error)),
      ),
    );
  }

  #notSent(guestId: string, error: unknown): undefined {
    this.#log.warn(
      `no job for guest ${guestId}, its row waits: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}
