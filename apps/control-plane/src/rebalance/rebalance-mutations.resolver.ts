import { Queues, nextTime, type Recurrence } from '#jobs';
import {
  RebalanceSchedules,
  Rebalances,
  type RebalanceRequest,
  type RebalanceRunRecord,
  type RebalanceScheduleRecord,
} from '#persistence';
import { Logger } from '@nestjs/common';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { badInput, checkRange, checkText } from '../limits/checks.js';
import { requireParameters, requirePolicy } from '../policy/host-policy.js';
import { formatDuration } from '../scalars/duration.js';
import {
  RebalanceInput,
  RebalancePayload,
  ScheduleRebalanceInput,
  ScheduleRebalancePayload,
  UnscheduleRebalanceInput,
  UnscheduleRebalancePayload,
  type RebalanceRule,
} from './rebalance.inputs.js';

/** So long a mutation waits for the plan, that its answer may hold it. */
const PLAN_LIMIT_MS = 10_000;
const MIN_EVERY_MS = 1_000;
const MAX_MS = 366 * 86_400_000;
const MAX_JITTER_MS = 3_600_000;
const MAX_REASON_LENGTH = 500;
const MAX_CRON_LENGTH = 100;
/** Without and with seconds. */
const CRON_FIELD_COUNTS: readonly number[] = [5, 6];
/** Until access control exists nobody has a name. */
const REQUESTED_BY = 'anonymous';

@Resolver()
export class RebalanceMutationsResolver {
  readonly #log = new Logger('rebalancing');

  constructor(
    private readonly runs: Rebalances,
    private readonly schedules: RebalanceSchedules,
    private readonly queues: Queues,
  ) {}

  @Mutation(() => RebalancePayload, {
    description:
      'Plans and, unless it is a dry run, moves memory: first what frees, then what gives. Answers with the plan; what becomes ' +
      'of it is read from the run.',
  })
  async rebalance(@Args('input') input: RebalanceInput): Promise<{ rebalanceRun: RebalanceRunRecord }> {
    const run = await this.runs.create({ ...toRule(input), scheduleId: null, dryRun: input.dryRun ?? false });
    await this.#plan(run.id);
    return { rebalanceRun: run };
  }

  @Mutation(() => ScheduleRebalancePayload, {
    description: 'Rebalances again and again; a host where a run still moves memory is left out.',
  })
  async scheduleRebalance(
    @Args('input') input: ScheduleRebalanceInput,
  ): Promise<{ schedule: RebalanceScheduleRecord }> {
    const recurrence = toRecurrence(input);
    const jitterMs = checkRange('input.jitterMs', input.jitterMs ?? 0, 0, MAX_JITTER_MS);
    const schedule = await this.schedules.create({ ...toRule(input), ...NO_TIMES, ...recurrence, jitterMs });
    const payload = { version: 1, kind: 'SCHEDULE', scheduleId: schedule.id } as const;
    await this.#tell(this.queues.schedule('rebalances', schedule.id, recurrence, payload));
    return { schedule };
  }

  @Mutation(() => UnscheduleRebalancePayload)
  async unscheduleRebalance(@Args('input') { id }: UnscheduleRebalanceInput): Promise<UnscheduleRebalancePayload> {
    await this.schedules.delete(id);
    await this.#tell(this.queues.unschedule('rebalances', id));
    return { deletedId: id };
  }

  /** A worker that is away finds the row when it is back. */
  async #plan(runId: string): Promise<void> {
    const job = { version: 1, kind: 'RUN', runId } as const;
    await this.#tell(this.queues.addAndWait('rebalances', job, PLAN_LIMIT_MS, { jobId: runId }));
  }

  /** The rows are the truth; a worker makes the queue what they say. */
  async #tell(told: Promise<unknown>): Promise<void> {
    try {
      await told;
    } catch (error) {
      this.#log.warn(`the queue was not told: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const NO_TIMES = { everyMs: null, cron: null, timeZone: null } as const;

function toRule(input: RebalanceRule): Omit<RebalanceRequest, 'scheduleId' | 'dryRun'> {
  const policy = input.policy == null ? null : requirePolicy('input.policy', input.policy);
  if (policy !== null) requireParameters('input.parameters', policy, input.parameters);
  else if (input.parameters != null) {
    throw badInput('input.parameters', 'given together with input.policy', input.parameters);
  }
  return {
    hostId: input.hostId ?? null,
    policy: policy?.name ?? null,
    parameters: (input.parameters ?? null) as Record<string, unknown> | null,
    reason: input.reason == null ? null : checkText('input.reason', input.reason, MAX_REASON_LENGTH),
    holdForMs: checkRange('input.holdForMs', input.holdForMs ?? 0, 0, MAX_MS),
    requestedBy: REQUESTED_BY,
  };
}

function toRecurrence({ every, cron, timeZone }: ScheduleRebalanceInput): Recurrence {
  if ((every == null) === (cron == null)) {
    throw badInput('input', 'given either every or cron', every == null ? 'neither' : 'both');
  }
  if (every != null) {
    if (timeZone != null) throw badInput('input.timeZone', 'given together with input.cron', timeZone);
    if (every < MIN_EVERY_MS || every > MAX_MS) throw badInput('input.every', 'from 1s to 366d', formatDuration(every));
    return { everyMs: every };
  }
  if (timeZone != null && !isTimeZone(timeZone)) {
    throw badInput('input.timeZone', 'the IANA name of a time zone, such as "Europe/Berlin"', timeZone);
  }
  const recurrence = { cron: checkText('input.cron', cron ?? '', MAX_CRON_LENGTH), timeZone: timeZone ?? null };
  // What is left out counts as "*" to the parser: half an expression would run every minute.
  const fieldCount = recurrence.cron.trim().split(/\s+/).length;
  if (!CRON_FIELD_COUNTS.includes(fieldCount) || nextTime(recurrence, new Date()) === null) {
    throw badInput('input.cron', 'five or six fields of cron that name a time to come', recurrence.cron);
  }
  return recurrence;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
