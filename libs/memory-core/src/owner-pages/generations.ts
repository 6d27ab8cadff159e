/**
 * Which list of an owner is for what.
 *
 * With two lists (profiles without the multi-generational LRU): list 0 is inactive, list 1 active, as the kernel keeps them for
 * each memory cgroup and kind of page.
 *
 * With generations: each kind of page has two to four, numbered in the order in which they began, the youngest common to both
 * kinds (lru-fields.ts). Each owner has a list for each generation; which one is for which generation of a kind is in
 * Memory.lru, so that two generations can become one without a look at the larger one's pages. At boot list 0 is where new
 * pages go: a guest that has never reclaimed has all of its pages there.
 *
 * Owners of other kinds keep all pages on list 0.
 */
import {
  LRU_BORN,
  LRU_LISTS,
  LRU_MAX_SEQ,
  LRU_MIN_SEQ,
  MAX_GENERATIONS,
  MIN_GENERATIONS,
} from '../layout/lru-fields.js';
import type { Memory } from '../layout/memory.js';
import { KIND_ANON, KIND_FILE } from '../layout/owner-fields.js';

export const INACTIVE = 0;
export const ACTIVE = 1;

/** The generations of a machine that boots: four, all of them empty. */
export function startGenerations(memory: Memory): void {
  if (!memory.rules.multiGenLru) return;
  memory.lru[LRU_MAX_SEQ] = MAX_GENERATIONS - 1;
  const joined = [MAX_GENERATIONS - 1, memory.rules.sparesNewCache ? 1 : 0];
  for (let kind = 0; kind <= KIND_FILE; kind++) {
    for (let seq = 0; seq < MAX_GENERATIONS; seq++) {
      memory.lru[LRU_LISTS + kind * MAX_GENERATIONS + seq] = (seq - joined[kind]) & (MAX_GENERATIONS - 1);
    }
  }
}

/** The list for generation `seq` of a kind. */
export function listOfGeneration(memory: Memory, kind: number, seq: number): number {
  return memory.lru[LRU_LISTS + kind * MAX_GENERATIONS + (seq & (MAX_GENERATIONS - 1))];
}

/** Number of the generation of a kind that a list is for. */
export function generationOfList(memory: Memory, kind: number, list: number): number {
  let seq = memory.lru[LRU_MIN_SEQ + kind];
  while (listOfGeneration(memory, kind, seq) !== list) seq++;
  return seq;
}

/** An owner's lists from the oldest (`age` 0) to the youngest (3). */
export function listOfAge(memory: Memory, kind: number, age: number): number {
  if (!memory.rules.multiGenLru || kind > KIND_FILE) return age;
  return listOfGeneration(memory, kind, memory.lru[LRU_MIN_SEQ + kind] + age);
}

/** Where pages go that were used just now. */
export function youngestList(memory: Memory, kind: number): number {
  return memory.rules.multiGenLru ? listOfGeneration(memory, kind, memory.lru[LRU_MAX_SEQ]) : ACTIVE;
}

/** Where new pages of a kind go: programs' pages are faulted in and used, pages of files were read ahead or once. */
export function listOfNewPage(memory: Memory, kind: number): number {
  if (!memory.rules.multiGenLru || kind > KIND_FILE) return INACTIVE;
  return kind === KIND_ANON ? youngestList(memory, kind) : idleList(memory, kind);
}

/** Where pages go that are on no list and do not count as active. */
export function idleList(memory: Memory, kind: number): number {
  const { lru, rules } = memory;
  if (!rules.multiGenLru || kind > KIND_FILE) return INACTIVE;
  const oldest = lru[LRU_MIN_SEQ + kind];
  if (kind === KIND_ANON) {
    return listOfGeneration(memory, kind, rules.sparesNewCache ? lru[LRU_MAX_SEQ] - 1 : oldest + 1);
  }
  const canSpare = rules.sparesNewCache && oldest + MIN_GENERATIONS < lru[LRU_MAX_SEQ];
  return listOfGeneration(memory, kind, canSpare ? oldest + 1 : oldest);
}

/** True for a list whose pages count as active. */
export function isActiveList(memory: Memory, kind: number, list: number): boolean {
  if (kind > KIND_FILE) return false;
  if (!memory.rules.multiGenLru) return list === ACTIVE;
  return generationOfList(memory, kind, list) > memory.lru[LRU_MAX_SEQ] - MIN_GENERATIONS;
}

/** When generation `seq` began, on the guest's clock. */
export function bornMs(memory: Memory, seq: number): number {
  return memory.lru[LRU_BORN + (seq & (MAX_GENERATIONS - 1))];
}
