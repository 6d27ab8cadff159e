/**
 * Circular doubly linked lists in one column: links[2 × node] is the next node, links[2 × node + 1] the previous one, side
 * by side so that a node costs one cache line. A list is a sentinel node that links to itself when the list is empty;
 * "head" is the sentinel's next, the end that is taken from, "tail" its previous.
 * All functions are O(1) but for those that say so.
 */

export function pushHead(links: Int32Array, sentinel: number, node: number): void {
  const head = links[2 * sentinel];
  links[2 * node] = head;
  links[2 * node + 1] = sentinel;
  links[2 * head + 1] = node;
  links[2 * sentinel] = node;
}

export function pushTail(links: Int32Array, sentinel: number, node: number): void {
  const tail = links[2 * sentinel + 1];
  links[2 * node + 1] = tail;
  links[2 * node] = sentinel;
  links[2 * tail] = node;
  links[2 * sentinel + 1] = node;
}

export function unlink(links: Int32Array, node: number): void {
  const after = links[2 * node];
  const before = links[2 * node + 1];
  links[2 * before] = after;
  links[2 * after + 1] = before;
}

/**
 * Pushes `count` nodes at the head one after the other: `first`, `first + step`, `first + 2 × step` …, so that the last
 * one ends up at the head. `step` is 1 or −1. O(count), in ascending order of memory.
 */
export function pushRunAtHead(links: Int32Array, sentinel: number, first: number, count: number, step: number): void {
  const last = first + (count - 1) * step;
  const head = links[2 * sentinel];
  let node = step > 0 ? first : last;
  for (let at = node << 1, end = at + (count << 1); at < end; at += 2, node++) {
    links[at] = node - step;
    links[at + 1] = node + step;
  }
  links[2 * first] = head;
  links[2 * head + 1] = first;
  links[2 * last + 1] = sentinel;
  links[2 * sentinel] = last;
}

/**
 * Last node of the stretch of consecutive numbers that starts at `first`, going from the head (`side` 0) or from the tail
 * (`side` 1); at most `limit` nodes. The stretch ascends or descends: the result is on either side of `first`.
 */
export function stretchFrom(links: Int32Array, first: number, side: number, limit: number): number {
  const step = links[2 * first + side] - first;
  if (step !== 1 && step !== -1) return first;
  // The chain is compared with what it should be instead of followed, so that one load need not wait for another.
  let last = first;
  const end = first + (limit - 1) * step;
  while (last !== end && links[(last << 1) + side] === last + step) last += step;
  return last;
}
