/**
 * Six kinds of guest as tables of a week, from Monday at midnight. Shares are of RAM. All figures are guesses, but for the build
 * (a clang build in 16 GiB on 12 processors: HyperAlloc artifact, EuroSys 2025) and what access-model.ts says.
 *
 *            anonymous                                      page cache                          load
 *   idle     0.12 to 0.25; 0.5 GiB (at most an eighth) from a login on,   0.15, 0.5 GiB a day                 0.3 in office hours, else 0.03
 *            0.3 of all goes with the logout
 *   web      0.25 + 0.15 × load; all workers are replaced,  fills RAM in 1 to 3 days            by day 1 : 3, ±10 %
 *            one after the other, every 3.5 days
 *   database 0.7, and 10 MiB a connection                   0.15; a scan of 1 GiB/min at night  by day 1 : 2, ±10 %
 *   jvm      heap of 0.5, of which 0.6 lives; never smaller 0.15                                by day 1 : 3, ±10 %
 *   build    0.04, and jobs: two builds an hour by day,     0.3 GiB a minute while it builds    1 while it builds, else 0.03
 *            5 to 40 minutes each, linking in the end;
 *            a quarter of the jobs ends and is replaced each minute, and all end with the build
 *   leak     0.2 + 1 to 5 % an hour; restarted at 0.9       0.3                                 by day 1 : 3
 *
 * All but builds have jobs by the clock on top (cron.ts).
 */
import { MOST_OF_RAM_RATIO, READ_AGAIN_RATIO, StateHash, fixedPages, type AccessMix, type Workload } from '#guest';
import { GIB, MIB, PAGE_SIZE_BYTES, RandomStream, TICK_MS } from '#units';
import type { Archetype } from './guest-population.js';
import { NO_JOB, cronJobs, type Job } from './cron.js';
import { normalProcess, normalQuantile, STEP_MS } from './common-factor.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const WEEK_MS = 7 * DAY_MS;
const LEAST_LOAD = 0.03;
/** Guests boot as if up for a random time, evenly up to this. */
const MOST_UPTIME_DAYS = 90;
const GIB_PAGES = GIB / PAGE_SIZE_BYTES;
/** Share of the variance of when builds begin that is demand; the rest is each minute's own. */
const DEMAND_OF_LUCK = 0.2;
/** A web server's new version comes after this long on average. */
const DEPLOY_MS = 3.5 * DAY_MS;
/** Of a build's four groups of jobs, each minute. Single jobs last 8 s (median): shorter than a group takes to grow. */
const JOBS_ENDING_PER_MINUTE = 1;
/** Programs of a guest (PROCESSES of the guest's software). */
const PROGRAMS = 4;

/** What a guest of the kind is assigned unless somebody says otherwise. */
export const TYPICAL_GIB: Readonly<Record<Archetype, number>> = {
  idle: 4,
  web: 8,
  database: 64,
  jvm: 16,
  build: 16,
  leak: 8,
};

/** The young generation of a JVM, 0.3 of its memory, is used whole in each cycle: hot; the old one as 0.2 / 0.3 / 0.3 / 0.2. */
export const ARCHETYPE_MIX: Readonly<Record<Archetype, AccessMix>> = {
  idle: { hot: 0.1, warm: 0.1, cool: 0.2, frozen: 0.6 },
  web: { hot: 0.45, warm: 0.25, cool: 0.15, frozen: 0.15 },
  database: { hot: 0.35, warm: 0.35, cool: 0.2, frozen: 0.1 },
  jvm: { hot: 0.44, warm: 0.21, cool: 0.21, frozen: 0.14 },
  build: { hot: 0.8, warm: 0.2, cool: 0, frozen: 0 },
  leak: { hot: 0.2, warm: 0.1, cool: 0.1, frozen: 0.6 },
};

/**
 * What a killed program costs, in restarts of 10 s (guesses): a desktop's user logs in again, 2 min; a web server 30 s; a database recovers
 * for 5.5 min and is at half speed for 30 more; a JVM takes 1 min, and 5 at half speed until its code is compiled; of a build, the job
 * of 22 min is done again; what leaks is the better for it.
 */
export const ARCHETYPE_RESTARTS: Readonly<Record<Archetype, number>> = {
  idle: 12,
  web: 3,
  database: 123,
  jvm: 21,
  build: 132,
  leak: 1,
};

/** Share of programs' memory in huge pages while memory is not broken up. */
export const ARCHETYPE_HUGE_RATIO: Readonly<Record<Archetype, number>> = {
  idle: 0.1,
  web: 0.2,
  database: 0.95,
  jvm: 0.6,
  build: 0.3,
  leak: 0.3,
};

/** Share of dropped page cache that is read again; the nightly scan of a database never is. */
export const ARCHETYPE_READ_AGAIN: Readonly<Record<Archetype, number>> = {
  idle: READ_AGAIN_RATIO,
  web: 0.7,
  database: 0.02,
  jvm: READ_AGAIN_RATIO,
  build: 0.6,
  leak: READ_AGAIN_RATIO,
};

/** Chance that memory no longer wanted is freed; where a row of the table above says what goes, it goes. */
const RELEASE: Readonly<Record<Archetype, number>> = { idle: 1, web: 0.2, database: 0, jvm: 0, build: 1, leak: 1 };

/** A moment of a guest's week. */
interface Moment {
  readonly anonPages: number;
  readonly load: number;
  readonly cachePagesPerSec: number;
  /** Programs of the guest's four that end as the moment begins. */
  readonly exits?: number;
  /** Of anonPages, what short jobs hold. */
  readonly jobPages?: number;
}

interface Setting {
  readonly ramPages: number;
  readonly random: RandomStream;
  /** Normal, variance 1: how much more than usual the guest is asked for at a time. */
  readonly demandAt: (timeMs: number) => number;
}

type Life = (timeMs: number) => Moment;

const LIVES: Readonly<Record<Archetype, (setting: Setting) => Life>> = {
  idle: idleLife,
  web: webLife,
  database: databaseLife,
  jvm: jvmLife,
  build: buildLife,
  leak: leakLife,
};

/** `common`: part of the demand that the guest shares with others; `own`: deviation of what is its own. */
export function archetypeWorkload(
  archetype: Archetype,
  assignedBytes: number,
  seed: number,
  { common, own }: { readonly common: (timeMs: number) => number; readonly own: number },
): Workload {
  const ramPages = Math.floor(assignedBytes / PAGE_SIZE_BYTES);
  const random = RandomStream.of(seed, 'archetype');
  const process = normalProcess(RandomStream.of(seed, 'own demand'), WEEK_MS / STEP_MS, false);
  const demandAt = (timeMs: number): number =>
    common(timeMs) + own * (process[Math.floor(timeMs / STEP_MS) % process.length] ?? 0);
  const life = LIVES[archetype]({ ramPages, random, demandAt });
  const rowMs = archetype === 'build' ? MINUTE_MS : STEP_MS;
  const startsMs = Float64Array.from({ length: WEEK_MS / rowMs }, (_, row) => row * rowMs);
  // Build servers have jobs of their own.
  const jobAt = archetype === 'build' ? () => NO_JOB : cronJobs(ramPages, seed);
  const moments = Array.from(startsMs, (timeMs) => withJob(life(timeMs), jobAt(timeMs)));
  const most = MOST_OF_RAM_RATIO * ramPages - fixedPages(ramPages);
  const anonPages = Int32Array.from(moments, (moment) => Math.max(0, Math.min(most, moment.anonPages)));
  const cachePagesPerTick = Float64Array.from(moments, ({ cachePagesPerSec }) => (cachePagesPerSec * TICK_MS) / 1000);
  const jobPages = Int32Array.from(moments, (moment, row) => Math.min(anonPages[row] ?? 0, moment.jobPages ?? 0));
  const perDay = (moments.reduce((sum, moment) => sum + moment.cachePagesPerSec, 0) / moments.length) * 86_400;
  const uptimeDays = RandomStream.of(seed, 'uptime').nextFloat() * MOST_UPTIME_DAYS;
  const bootCachePages = Math.floor(Math.min(ramPages, 0.15 * ramPages + perDay * uptimeDays));
  const loadRatio = Float64Array.from(moments, ({ load }) => Math.max(LEAST_LOAD, load));
  const exits = Float64Array.from(moments, (moment) => moment.exits ?? 0);
  const hash = new StateHash().addNumbers(startsMs).addNumbers(anonPages).addNumbers(exits).addNumbers(jobPages);
  const digest = hash.addNumbers(cachePagesPerTick).addNumbers(loadRatio).addText(archetype).finish();
  return {
    startsMs,
    anonPages,
    cachePagesPerTick,
    loadRatio,
    mix: ARCHETYPE_MIX[archetype],
    periodMs: WEEK_MS,
    offsetMs: 0,
    releaseRatio: RELEASE[archetype],
    hugeRatio: ARCHETYPE_HUGE_RATIO[archetype],
    readAgainRatio: ARCHETYPE_READ_AGAIN[archetype],
    ...(archetype === 'build' ? { processors: buildSlots(ramPages) } : {}),
    ...(jobPages.some((pages) => pages > 0) ? { jobPages } : {}),
    ...(exits.some((programs) => programs > 0) ? { exits } : {}),
    bootCachePages,
    digest,
  };
}

/** A moment in which a job runs beside what the guest does anyway. */
function withJob(moment: Moment, job: Job): Moment {
  if (job === NO_JOB) return moment;
  return {
    ...moment,
    anonPages: moment.anonPages + job.anonPages,
    jobPages: job.anonPages,
    load: Math.max(moment.load, job.load),
    cachePagesPerSec: moment.cachePagesPerSec + job.cachePagesPerSec,
  };
}

function idleLife({ ramPages, random, demandAt }: Setting): Life {
  const flat = (0.12 + 0.13 * random.nextFloat()) * ramPages;
  const peak = flat + Math.min(0.5 * GIB_PAGES, 0.125 * ramPages);
  const cachePagesPerSec = (0.5 * GIB_PAGES) / 86_400;
  let loggedIn = false;
  let used = flat;
  return (timeMs) => {
    const day = Math.floor(timeMs / DAY_MS);
    // A busy morning begins earlier.
    const loginHour = 9 - 0.5 * demandAt(day * DAY_MS + 9 * HOUR_MS);
    const hour = hourOf(timeMs);
    const isIn = day % 7 < 5 && hour >= loginHour && hour < loginHour + 8;
    if (isIn) used = peak;
    else if (loggedIn) used = 0.7 * peak;
    loggedIn = isIn;
    return { anonPages: used, load: isIn ? 0.3 : LEAST_LOAD, cachePagesPerSec };
  };
}

function webLife({ ramPages, random, demandAt }: Setting): Life {
  const cachePagesPerSec = ramPages / ((1 + 2 * random.nextFloat()) * 86_400);
  let deployMs = exponential(random, DEPLOY_MS);
  let toReplace = 0;
  return (timeMs) => {
    const load = byDay(timeMs, 1 / 3) * (1 + 0.1 * demandAt(timeMs));
    if (timeMs >= deployMs) {
      toReplace = PROGRAMS;
      deployMs = timeMs + exponential(random, DEPLOY_MS);
    }
    const exits = toReplace > 0 ? 1 : 0;
    toReplace -= exits;
    return { anonPages: (0.25 + 0.15 * load) * ramPages, load, cachePagesPerSec, exits };
  };
}

function databaseLife({ ramPages, demandAt }: Setting): Life {
  const scanMs = Math.min(2 * HOUR_MS, ((0.7 * ramPages) / GIB_PAGES) * MINUTE_MS);
  const connections = ramPages / GIB_PAGES;
  return (timeMs) => {
    const load = byDay(timeMs, 1 / 2) * (1 + 0.1 * demandAt(timeMs));
    const isScanned = timeMs % DAY_MS >= 2 * HOUR_MS && timeMs % DAY_MS < 2 * HOUR_MS + scanMs;
    const logs = (0.01 * ramPages) / 86_400;
    return {
      anonPages: 0.7 * ramPages + (10 * MIB * connections * load) / PAGE_SIZE_BYTES,
      load,
      cachePagesPerSec: isScanned ? GIB_PAGES / 60 : logs,
    };
  };
}

function jvmLife({ ramPages, demandAt }: Setting): Life {
  const cycleMs = 10 * MINUTE_MS;
  return (timeMs) => {
    const load = byDay(timeMs, 1 / 3) * (1 + 0.1 * demandAt(timeMs));
    const filled = 0.6 + 0.4 * ((timeMs % cycleMs) / cycleMs);
    return { anonPages: (0.05 + 0.5 * filled) * ramPages, load, cachePagesPerSec: (0.01 * ramPages) / 86_400 };
  };
}

/** A job for each processor: 12 where RAM is 16 GiB. */
function buildSlots(ramPages: number): number {
  return Math.max(1, Math.round((0.75 * ramPages) / GIB_PAGES));
}

/** Compile jobs fill the slots; the last tenth of a build links. Jobs and links of smaller guests are fewer and smaller. */
function buildLife({ ramPages, random, demandAt }: Setting): Life {
  const slots = buildSlots(ramPages);
  const linkPages = ramPages / 16;
  const chance = (2 * MINUTE_MS) / HOUR_MS;
  // A build begins in a minute of the day when demand is above its quantile, so that guests with common demand build together.
  const threshold = normalQuantile(1 - chance);
  let fromMs = 0;
  let untilMs = 0;
  let isBuilding = false;
  return (timeMs) => {
    const hour = hourOf(timeMs);
    const luck = Math.sqrt(DEMAND_OF_LUCK) * demandAt(timeMs) + Math.sqrt(1 - DEMAND_OF_LUCK) * random.nextNormal();
    if (timeMs >= untilMs && hour >= 9 && hour < 18 && luck > threshold) {
      fromMs = timeMs;
      untilMs = timeMs + (5 + 35 * random.nextFloat()) * MINUTE_MS;
    }
    const wasBuilding = isBuilding;
    isBuilding = timeMs < untilMs;
    if (!isBuilding) {
      const exits = wasBuilding ? PROGRAMS : 0;
      return { anonPages: 0.04 * ramPages, load: LEAST_LOAD, cachePagesPerSec: 0, exits };
    }
    const isLinking = timeMs > fromMs + 0.9 * (untilMs - fromMs);
    let jobs = 0;
    for (let slot = isLinking ? slots / 2 : 0; slot < slots; slot++) jobs += jobPages(random);
    // Two links of 2 to 6 GiB where RAM is 16.
    if (isLinking) jobs += linkPages * (4 + 4 * (random.nextFloat() + random.nextFloat()));
    const exits = wasBuilding ? JOBS_ENDING_PER_MINUTE : 0;
    return { anonPages: 0.04 * ramPages + jobs, load: 1, cachePagesPerSec: (0.3 * GIB_PAGES) / 60, exits };
  };
}

/** Log-normal, median 340 MiB, sigma 0.7: mean 434 MiB. */
function jobPages(random: RandomStream): number {
  return (340 * MIB * Math.exp(0.7 * random.nextNormal())) / PAGE_SIZE_BYTES;
}

function exponential(random: RandomStream, mean: number): number {
  return -mean * Math.log(1 - random.nextFloat());
}

function leakLife({ ramPages, random, demandAt }: Setting): Life {
  const perHour = 0.01 + 0.04 * random.nextFloat();
  const cycleHours = 0.7 / perHour;
  const phase = random.nextFloat() * cycleHours;
  return (timeMs) => ({
    anonPages: (0.2 + perHour * ((phase + timeMs / HOUR_MS) % cycleHours)) * ramPages,
    load: byDay(timeMs, 1 / 3) * (1 + 0.1 * demandAt(timeMs)),
    cachePagesPerSec: (0.05 * ramPages) / 86_400,
  });
}

/** From `trough` at 4 h to 1 at 16 h. */
function byDay(timeMs: number, trough: number): number {
  return trough + ((1 - trough) * (1 - Math.cos((2 * Math.PI * (hourOf(timeMs) - 4)) / 24))) / 2;
}

function hourOf(timeMs: number): number {
  return (timeMs % DAY_MS) / HOUR_MS;
}
