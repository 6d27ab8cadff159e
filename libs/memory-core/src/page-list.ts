/**
 * Circular doubly linked lists over the columns `next` and `prev` of Memory. A list is a sentinel node that links to
 * itself when the list is empty; "head" is next[sentinel], the end that is taken from, "tail" is prev[sentinel].
 * All functions are O(1) but for those that say so.
 */
import type { Memory } from './memory.js';

export function pushHead(memory: Memory, sentinel: number, node: number): void {
  const { next, prev } = memory;
  const head = next[sentinel];
  next[node] = head;
  prev[node] = sentinel;
  prev[head] = node;
  next[sentinel] = node;
}

export function pushTail(memory: Memory, sentinel: number, node: number): void {
  const { next, prev } = memory;
  const tail = prev[sentinel];
  prev[node] = tail;
  next[node] = sentinel;
  next[tail] = node;
  prev[sentinel] = node;
}

export function unlink(memory: Memory, node: number): void {
  const { next, prev } = memory;
  const after = next[node];
  const before = prev[node];
  next[before] = after;
  prev[after] = before;
}

/**
 * Pushes pages `startPfn` … `startPfn + pages − 1` at the head in ascending order, so that the last one ends up first.
 * O(pages).
 */
export function pushRunAtHead(memory: Memory, sentinel: number, startPfn: number, pages: number): void {
  const { next, prev } = memory;
  const last = startPfn + pages - 1;
  const head = next[sentinel];
  for (let pfn = startPfn; pfn <= last; pfn++) {
    next[pfn] = pfn - 1;
    prev[pfn] = pfn + 1;
  }
  next[startPfn] = head;
  prev[head] = startPfn;
  prev[last] = sentinel;
  next[sentinel] = last;
}
