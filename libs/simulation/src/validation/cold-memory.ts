/**
 * E9: how much of a fleet's memory is cold, how soon cold memory is wanted back, and how much of it could be kept in far memory. Guests
 * of every archetype run through a working day; nothing is reclaimed. What is counted is programs' anonymous memory, as far
 * memory of that kind holds: its pages by the access model's classes, as busy as each guest is at that time.
 */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { Guest, activityAt, idleShare } from '#guest';
import { lruPagesOf } from '#memory-core';
import { GIB } from '#units';
import { ARCHETYPES, type Archetype, type GuestPopulation } from '../workload/guest-population.js';
import { TYPICAL_GIB } from '../workload/archetypes.js';
import { planGuests, type GuestPlan } from '../workload/plan-guests.js';
import { near, type Target } from './target.js';

/** Guests of each kind: the default fleet of the workload model, 35 % idle, 25 % web and so on. */
const FLEET: Readonly<Record<Archetype, number>> = { idle: 21, web: 15, database: 9, jvm: 9, build: 5, leak: 1 };
/** Guests run small; their memory counts as that of a guest of its kind's typical size. */
const ASSIGNED_BYTES = GIB / 2;
/** Hours of a Tuesday at which every guest is looked at, after it has lived for so long. */
const HOURS = [3, 7, 11, 15, 19, 23];
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SETTLE_TICKS = 120;

const COLD_SEC = 120;
/** Promotions a minute, as a share of the working set, that are accepted. */
const SLO_PER_MINUTE = 0.002;
const MOST_IDLE_SEC = 86_400;

const POPULATION: Omit<GuestPopulation, 'source' | 'count'> = {
  assignedBytes: ASSIGNED_BYTES,
  minRatio: 0,
  shares: 1000,
  kernelProfile: '6.12',
  features: DEFAULT_GUEST_FEATURES,
  demand: 'MODEL',
  commonFactor: { fleet: 0.03, tenant: 0.25 },
};

export const COLD_MEMORY: Target = {
  id: 'E9',
  title: 'Cold memory of a fleet',
  origin:
    'Software-defined far memory (Lagar-Cavilla et al., ASPLOS 2019): memory not used for 120 s, how much of it is used in the next minute, and what is kept in far memory at promotions of 0.2 % of the working set a minute; from 1 to 61 % cold, depending on the cluster',
  setup:
    'Sixty guests of the six archetypes at six hours of a working day, nothing reclaimed. Classes and shares of each archetype are guesses; only the default mixture of traces was set to published figures, and it is not used here. Spread: between guests, where clusters are published.',
  missed:
    'the gaps between uses were set to the published figures at full load; over a day the archetypes work at 3 to 70 % of it, and every gap is as much longer. Desktops at night are almost all cold.',
  run: () => {
    const looks = ARCHETYPES.flatMap(looksOf);
    const cold = looks.map((one) => one.idleAt(COLD_SEC));
    return [
      near('cold after 120 s, of all memory (%)', 32, 5, 100 * meanOf(looks, (one) => one.idleAt(COLD_SEC))),
      near('of that, used in the next minute (%)', 15, 5, 100 * promotedPerMinute(looks, COLD_SEC)),
      near(
        'kept in far memory within the objective (%)',
        20,
        5,
        100 * meanOf(looks, (one) => one.idleAt(thresholdSec(looks))),
      ),
      near('least of any guest (%)', 1, 5, 100 * Math.min(...cold)),
      near('most of any guest (%)', 61, 5, 100 * Math.max(...cold)),
    ];
  },
};

function looksOf(archetype: Archetype): Look[] {
  const source = { kind: 'synthetic', mix: { [archetype]: 1 } } as const;
  const plans = planGuests({ ...POPULATION, source, count: FLEET[archetype] }, 1, []);
  return plans.flatMap((plan) => HOURS.map((hour) => look(plan, hour, TYPICAL_GIB[archetype])));
}

/** A guest at an hour. */
interface Look {
  /** Of a guest of its kind's typical size, in proportion. */
  readonly anonPages: number;
  /** Share of that which has not been used for so long. */
  readonly idleAt: (idleSec: number) => number;
}

function look(plan: GuestPlan, hour: number, typicalGib: number): Look {
  const workload = { ...plan.workload, offsetMs: DAY_MS + hour * HOUR_MS };
  const { assignedBytes, seed } = plan;
  const guest = Guest.boot(
    { ...POPULATION.features, assignedBytes, numaNodes: 1, kernelProfile: '6.12', workload, seed },
    0,
  );
  guest.advanceTo(SETTLE_TICKS);
  const { load, mix } = activityAt(workload, SETTLE_TICKS * 1000);
  return {
    anonPages: lruPagesOf(guest.memory).anonPages * typicalGib,
    idleAt: (idleSec) => idleShare(mix, load, idleSec * 1000),
  };
}

/** Over all memory of the fleet. */
function meanOf(looks: readonly Look[], share: (one: Look) => number): number {
  const pages = looks.reduce((sum, one) => sum + one.anonPages, 0);
  return looks.reduce((sum, one) => sum + one.anonPages * share(one), 0) / pages;
}

/** Of what has been idle for `idleSec`, the share that is used within a minute. */
function promotedPerMinute(looks: readonly Look[], idleSec: number): number {
  const idle = meanOf(looks, (one) => one.idleAt(idleSec));
  return 1 - meanOf(looks, (one) => one.idleAt(idleSec + 60)) / idle;
}

/** The shortest idle time after which memory may go, so that promotions stay within the objective. */
function thresholdSec(looks: readonly Look[]): number {
  const workingSet = 1 - meanOf(looks, (one) => one.idleAt(COLD_SEC));
  for (let idleSec = COLD_SEC; idleSec < MOST_IDLE_SEC; idleSec += 10) {
    const stored = meanOf(looks, (one) => one.idleAt(idleSec));
    if (stored * promotedPerMinute(looks, idleSec) <= SLO_PER_MINUTE * workingSet) return idleSec;
  }
  return MOST_IDLE_SEC;
}
