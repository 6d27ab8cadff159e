/**
 * How much of a guest's memory is idle, as a hypervisor finds out without asking the guest: of 100 pages drawn at random in each
 * period of 30 s of the guest's time, those that were not touched in it. The guest's memory is what it has outside the balloon.
 * Source: C. Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002, section 5.3. Averages over periods
 * are the policy's affair; like there, a period that is not over yet counts when it shows more activity.
 *
 * Draws depend on the guest's seed and the period alone: nothing of them is kept but the last period's result.
 */
import { pageState, type Memory, type OwnerKind, type PageState } from '#memory-core';
import { RandomStream } from '#units';
import { touchedRatio } from './workload/activity.js';
import type { Workload } from './workload/workload.js';

export const SAMPLED_PAGES = 100;
export const PERIOD_TICKS = 30;
const TICK_MS = 1000;
/** A guest that is almost all balloon gets a smaller sample. */
const MOST_DRAWS = 20 * SAMPLED_PAGES;

/** True when a period is over after `ageTicks` of the guest's time. */
export function endsPeriod(ageTicks: number): boolean {
  return ageTicks > 0 && ageTicks % PERIOD_TICKS === 0;
}

/** Age at the end of the last period that is over. */
export function lastPeriodEnd(ageTicks: number): number {
  return Math.floor(ageTicks / PERIOD_TICKS) * PERIOD_TICKS;
}

/** Share of the sample that was not touched since the period of `ageTicks` began; 1 at its very beginning. */
export function sampleIdleRatio(memory: Memory, workload: Workload, seed: number, ageTicks: number): number {
  const period = Math.ceil(ageTicks / PERIOD_TICKS);
  const windowMs = (ageTicks - PERIOD_TICKS * Math.max(0, period - 1)) * TICK_MS;
  const ratios = new Map<OwnerKind, number>();
  const touchedOf = (kind: OwnerKind): number => {
    const known = ratios.get(kind) ?? touchedRatio(workload, kind, windowMs, ageTicks * TICK_MS);
    ratios.set(kind, known);
    return known;
  };
  const random = RandomStream.of(seed, `page sampling ${period}`);
  let drawn = 0;
  let touched = 0;
  for (let draw = 0; draw < MOST_DRAWS && drawn < SAMPLED_PAGES; draw++) {
    const state = pageState(memory, random.nextBelow(memory.tag.length));
    const luck = random.nextFloat();
    if (state === 'HOLE' || state === 'BALLOON') continue;
    drawn++;
    if (luck < chanceOfTouch(touchedOf, state)) touched++;
  }
  return drawn === 0 ? 0 : 1 - touched / drawn;
}

/** What sampling estimates: the share of all pages outside the balloon that a period of `ageTicks` of age touches. Cost: a look at every page. */
export function touchedNow(memory: Memory, workload: Workload, ageTicks: number): number {
  const windowMs = PERIOD_TICKS * TICK_MS;
  const chances = new Map<PageState, number>();
  let pages = 0;
  let touched = 0;
  for (let pfn = 0; pfn < memory.tag.length; pfn++) {
    const state = pageState(memory, pfn);
    if (state === 'HOLE' || state === 'BALLOON') continue;
    const chance =
      chances.get(state) ?? chanceOfTouch((kind) => touchedRatio(workload, kind, windowMs, ageTicks * TICK_MS), state);
    chances.set(state, chance);
    pages++;
    touched += chance;
  }
  return pages === 0 ? 0 : touched / pages;
}

function chanceOfTouch(touchedOf: (kind: OwnerKind) => number, state: Exclude<PageState, 'HOLE' | 'BALLOON'>): number {
  switch (state) {
    case 'FREE':
    case 'DEFLATED':
      return 0;
    case 'RESERVED':
    case 'ALLOCATED':
      return touchedOf('KERNEL');
    default:
      return touchedOf(state);
  }
}
