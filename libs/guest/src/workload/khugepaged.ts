/**
 * khugepaged: what fell back to single pages becomes huge pages later. Linux looks at 4,096 pages every ten seconds, whatever they are,
 * and so comes by every range of 2 MiB of the programs once in a while; a range that is not a huge page yet is collapsed
 * (collapse.ts of the core), and after a huge page that could not be had it rests for a minute. Source: defaults of
 * /sys/kernel/mm/transparent_hugepage/khugepaged (pages_to_scan, scan_sleep_millisecs, alloc_sleep_millisecs, defrag).
 *
 * Programs here have no addresses: of the ranges that could be huge (the workload's share of their memory) as many are met as are due on
 * average. Ranges that are there in part, which would grow by being collapsed (max_ptes_none), do not occur.
 */
import { collapsePages, collapsiblePages } from '#memory-core';
import { HUGE_PAGES, PROCESSES, programPages, type Software } from './software.js';
import type { Workload } from './workload.js';

/** Ranges in one of the guest's rounds of 30 s. */
const RANGES_PER_ROUND = (3 * 4096) / HUGE_PAGES;
/** Rounds that are left out after a huge page that could not be had. */
const REST_ROUNDS = 2;

/** What a snapshot holds. */
export interface KhugepagedState {
  /** Ranges met that are due, but not yet a whole one. */
  collapseDebt: number;
  /** Rounds still to be left out. */
  collapseRest: number;
}

export function startKhugepaged(): KhugepagedState {
  return { collapseDebt: 0, collapseRest: 0 };
}

/** One round. Returns false when no page was moved, and nothing looked for. */
export function collapseRanges(software: Software, workload: Workload, state: KhugepagedState): boolean {
  const { hugeRatio = 0, collapseRatio = 1 } = workload;
  if (hugeRatio === 0 || collapseRatio === 0) return false;
  if (state.collapseRest > 0) {
    state.collapseRest--;
    return false;
  }
  const pages = programPages(software);
  const eligible = (pages * hugeRatio) / HUGE_PAGES;
  const due = Math.floor(eligible - (pages - singlePages(software)) / HUGE_PAGES);
  if (due < 1) return false;
  state.collapseDebt = Math.min(state.collapseDebt + RANGES_PER_ROUND * collapseRatio * (due / eligible), due);
  const met = Math.floor(state.collapseDebt);
  state.collapseDebt -= met;
  for (let left = met; left > 0; left--) {
    const outcome = collapsePages(software.memory, mostBroken(software));
    if (outcome === 'COLLAPSED') continue;
    if (outcome === 'NO_BLOCK') state.collapseRest = REST_ROUNDS;
    break;
  }
  return met > 0;
}

function singlePages({ memory }: Software): number {
  let pages = 0;
  for (let process = 0; process < PROCESSES; process++) pages += collapsiblePages(memory, process);
  return pages;
}

/** The program with most single pages. */
function mostBroken({ memory }: Software): number {
  let most = 0;
  for (let process = 1; process < PROCESSES; process++) {
    if (collapsiblePages(memory, process) > collapsiblePages(memory, most)) most = process;
  }
  return most;
}
