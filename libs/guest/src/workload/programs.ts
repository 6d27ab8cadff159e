/**
 * A guest's programs through time: follows a workload row by row, through the software's owners.
 *
 * Growth comes as a ramp that begins at a drawn moment of the row and takes at least 10 s, at most 0.06 GiB/s for each busy processor
 * (growth.ts). Memory no longer wanted is freed at once or kept by the program's allocator; kept memory is
 * used again before new memory is asked for. A program that the OOM killer has killed starts again and wants what it held, after ten
 * seconds the first time and after twice as long each time that it does not live; memory that cannot be had stays wanted and is
 * asked for every tick. Where the workload says so, programs end by themselves and others take their place: jobs, workers.
 */
import { TICK_MS } from '#units';
import type { RandomStream } from '#units';
import { mostGrowthPages } from './growth.js';
import { positionMs, rowAt, rowTicks, ticksToNextRow } from './workload.js';
import type { Workload } from './workload.js';
import { collapseRanges, startKhugepaged, type KhugepagedState } from './khugepaged.js';
import { REREAD_TICKS, reread, startRereading, type RereadState } from './reread.js';
import {
  HUGE_PAGES,
  PROCESSES,
  buryKilled,
  endProgram,
  growCache,
  growProcess,
  hasKilled,
  programPages,
  shrinkPrograms,
  smallestProgram,
  startSoftware,
} from './software.js';
import type { Software } from './software.js';

const RAMP_TICKS = 10;
/**
 * From its death to the first page of a program that is started again: 10 s, 20 s, 40 s … 300 s, and 10 s again once the programs have
 * lived for ten minutes. Source: how Kubernetes' kubelet backs off from containers that crash (Pod lifecycle, restart policy).
 */
const FIRST_RESTART_TICKS = 10;
const LAST_RESTART_TICKS = 300;
const SOUND_TICKS = 600;
const RATE_STEPS_PER_PAGE = 2 ** 20;
/** Pages that enter the page cache together: the default readahead, 128 KiB. */
const READAHEAD_PAGES = 32;

/** What small rises leave over for the next one. */
const MOST_HUGE_DEBT = HUGE_PAGES;

/** All that changes; a snapshot holds it. Pages unless it says otherwise. */
export interface ProgramsState extends RereadState, KhugepagedState {
  /** Row of the workload that holds. */
  row: number;
  /** Wanted by the row. */
  goal: number;
  /** Not wanted, but kept by the programs' allocators. */
  kept: number;
  /** Wanted and not there yet. */
  pending: number;
  /** Of the last tick's ramp: what could not be had. */
  unmet: number;
  /** Pages a tick while `pending` lasts, from `rampTick` on, for program `process`. */
  ramp: number;
  rampTick: number;
  process: number;
  /** How long killed programs were made to wait the last time, and when that was over; 0 when none has been killed. */
  restartWait: number;
  restartTick: number;
  /** Read or written, but not yet a whole readahead. */
  cacheDebt: number;
  /** Pages that programs would have had in huge pages, had they risen by enough at a time. */
  hugeDebt: number;
}

export interface Programs {
  readonly workload: Workload;
  readonly software: Software;
  readonly random: RandomStream;
  readonly bootTick: number;
  readonly state: ProgramsState;
}

/** Starts the guest's software where the workload begins. */
export function startPrograms(
  workload: Workload,
  software: Software,
  random: RandomStream,
  bootTick: number,
): Programs {
  const row = rowAt(workload, positionMs(workload, 0), 0);
  const goal = workload.anonPages[row] ?? 0;
  const pending = startSoftware(software, {
    anonPages: goal,
    cachePages: workload.bootCachePages,
    hugeRatio: workload.hugeRatio ?? 0,
  });
  const ramp = rampOf(workload, software, row, pending);
  const process = 0;
  return {
    workload,
    software,
    random,
    bootTick,
    state: {
      row,
      goal,
      kept: 0,
      pending,
      unmet: pending,
      ramp,
      rampTick: bootTick + 1,
      process,
      restartWait: 0,
      restartTick: 0,
      cacheDebt: 0,
      hugeDebt: 0,
      ...startRereading(software),
      ...startKhugepaged(),
    },
  };
}

/** What the programs do in one tick. Returns false when they touch no page. */
export function runPrograms({ workload, software, random, bootTick, state }: Programs, tick: number): boolean {
  const row = rowAt(workload, positionMs(workload, (tick - bootTick) * TICK_MS), state.row);
  let busy = row !== state.row && enterRow(workload, software, random, state, row, tick);
  state.unmet = 0;
  if (state.pending > 0 && tick >= state.rampTick) {
    const due = Math.min(state.pending, state.ramp);
    if (workload.exits !== undefined) state.process = smallestProgram(software);
    const got = growProcess(software, state.process, due, hugePagesOf(workload, state, due));
    state.pending -= got;
    state.unmet = due - got;
    busy = true;
  }
  state.cacheDebt += cacheRate(workload, row);
  if (state.cacheDebt >= READAHEAD_PAGES) {
    const pages = Math.floor(state.cacheDebt / READAHEAD_PAGES) * READAHEAD_PAGES;
    state.cacheDebt -= pages;
    growCache(software, pages);
    busy = true;
  }
  const age = tick - bootTick;
  if (age % REREAD_TICKS === 0) {
    busy = reread(software, workload, state, age * TICK_MS) || busy;
    busy = collapseRanges(software, workload, state) || busy;
  }
  if (buryKilled(software)) startAgain(workload, software, state, tick);
  return busy;
}

/**
 * First tick after `tick` in which runPrograms may do more than let time pass (passTicks); `tick` is behind them, and the kernel
 * kills nobody in between.
 */
export function nextBusyTick({ workload, software, bootTick, state }: Programs, tick: number): number {
  if (hasKilled(software)) return tick + 1;
  const atMs = positionMs(workload, (tick - bootTick) * TICK_MS);
  const rampTick = state.pending > 0 ? Math.max(tick + 1, state.rampTick) : Infinity;
  const rate = cacheRate(workload, state.row);
  const readTicks = rate > 0 ? Math.max(1, Math.floor((READAHEAD_PAGES - state.cacheDebt) / rate)) : Infinity;
  const rereadTick = tick + REREAD_TICKS - ((tick - bootTick) % REREAD_TICKS);
  return Math.min(tick + ticksToNextRow(workload, atMs, state.row), rampTick, tick + readTicks, rereadTick);
}

/** `ticks` ticks go by, none of them busy: as many calls of runPrograms. */
export function passTicks({ workload, state }: Programs, ticks: number): void {
  state.unmet = 0;
  state.cacheDebt += ticks * cacheRate(workload, state.row);
}

/** Pages a tick, in steps that add up exactly, so that many ticks at once are as many single ones. */
function cacheRate(workload: Workload, row: number): number {
  return Math.round((workload.cachePagesPerTick[row] ?? 0) * RATE_STEPS_PER_PAGE) / RATE_STEPS_PER_PAGE;
}

/** What programs held that are gone is wanted again; what they kept without wanting it is gone. */
function wantAgain(workload: Workload, software: Software, state: ProgramsState): void {
  const lost = state.goal + state.kept - state.pending - programPages(software);
  const unwanted = Math.min(state.kept, lost);
  state.kept -= unwanted;
  state.pending += lost - unwanted;
  state.ramp = rampOf(workload, software, state.row, state.pending);
}

/** Killed programs are made to wait. */
function startAgain(workload: Workload, software: Software, state: ProgramsState, tick: number): void {
  wantAgain(workload, software, state);
  if (tick >= state.restartTick) {
    const isSound = state.restartWait === 0 || tick - state.restartTick >= SOUND_TICKS;
    state.restartWait = isSound ? FIRST_RESTART_TICKS : Math.min(2 * state.restartWait, LAST_RESTART_TICKS);
    state.restartTick = tick + state.restartWait;
  }
  state.rampTick = state.restartTick;
}

/** True while programs that were killed wait to be started again. */
export function isAwaitingRestart({ state }: Programs, tick: number): boolean {
  return tick < state.restartTick;
}

/** Ends the programs whose time is over, from a drawn one on; returns how many. */
function endPrograms(
  workload: Workload,
  software: Software,
  random: RandomStream,
  state: ProgramsState,
  row: number,
): number {
  const mean = workload.exits?.[row] ?? 0;
  if (mean === 0 || hasKilled(software)) return 0;
  const ending = Math.min(PROCESSES, Math.floor(mean + random.nextFloat()));
  const first = random.nextBelow(PROCESSES);
  for (let turn = 0; turn < ending; turn++) endProgram(software, (first + turn) % PROCESSES);
  if (ending > 0) wantAgain(workload, software, state);
  return ending;
}

/** Returns true when memory was freed. */
function enterRow(
  workload: Workload,
  software: Software,
  random: RandomStream,
  state: ProgramsState,
  row: number,
  tick: number,
): boolean {
  const ended = endPrograms(workload, software, random, state, row);
  if (ended > 0) state.rampTick = Math.max(tick, state.restartTick);
  const goal = workload.anonPages[row] ?? 0;
  const change = goal - state.goal;
  const { jobPages } = workload;
  const ofJobs = Math.max(0, (jobPages?.[state.row] ?? 0) - (jobPages?.[row] ?? 0));
  state.row = row;
  state.goal = goal;
  if (change > 0) {
    const reused = Math.min(state.kept, change);
    state.kept -= reused;
    if (state.pending === 0) {
      state.rampTick = tick + random.nextBelow(rowTicks(workload, row));
      state.process = random.nextBelow(PROCESSES);
    }
    state.pending += change - reused;
    state.ramp = rampOf(workload, software, row, state.pending);
    if (workload.isImmediate === true) {
      state.rampTick = tick;
      state.ramp = state.pending;
    }
    return ended > 0;
  }
  const calledOff = Math.min(state.pending, -change);
  state.pending -= calledOff;
  if (ended > 0) state.ramp = rampOf(workload, software, row, state.pending);
  const unwanted = -change - calledOff;
  if (unwanted === 0) return ended > 0;
  const freed = random.nextFloat() < workload.releaseRatio ? unwanted : Math.min(unwanted, ofJobs);
  state.kept += unwanted - freed;
  if (freed === 0) return ended > 0;
  shrinkPrograms(software, random.nextBelow(PROCESSES), freed);
  return true;
}

/** Of `due` pages, how many huge pages are asked for: their share of all, in as many ticks as it takes to make whole ones. */
function hugePagesOf({ hugeRatio = 0 }: Workload, state: ProgramsState, due: number): number {
  state.hugeDebt += due * hugeRatio;
  const hugePages = Math.floor(Math.min(state.hugeDebt, due) / HUGE_PAGES);
  state.hugeDebt = Math.min(state.hugeDebt - hugePages * HUGE_PAGES, MOST_HUGE_DEBT);
  return hugePages;
}

/** Pages a tick for a step of `pages`. */
function rampOf(workload: Workload, { ramPages }: Software, row: number, pages: number): number {
  return Math.max(1, Math.min(mostGrowthPages(workload, ramPages, row), Math.ceil(pages / RAMP_TICKS)));
}
