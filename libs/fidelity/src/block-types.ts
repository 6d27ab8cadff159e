/**
 * Migratetypes of the pageblocks at boot. A page map does not show them; what each zone's /proc/pagetypeinfo counts does: how
 * many pageblocks of each type, and how many free blocks of each type and order. Blocks are ranked by what lies in them, then
 * pairs are exchanged as long as the counts of free blocks come nearer. Where several answers fit, that one is taken where most
 * pageblocks are of their buddy's type: free memory changes its type in blocks of order 10, two pageblocks at once.
 */
const ORDERS = 11;
const TYPES = 3;
const [UNMOVABLE, MOVABLE, RECLAIMABLE] = [0, 1, 2];
const TYPE_NAMES = ['Unmovable', 'Movable', 'Reclaimable'] as const;
const PAGEBLOCK_PAGES = 512;
const ROUNDS = 40;
/** Less than any free block counts: decides where the counts do not. */
const BUDDY_GAIN = 0.1;

/** Free blocks by type × ORDERS + order. */
type Table = Int32Array;

export interface ZoneBlocks {
  /** First and one past the last pageblock. */
  readonly firstBlock: number;
  readonly endBlock: number;
  /** Free blocks by type name, by order. */
  readonly free: Readonly<Record<string, readonly number[]>>;
  readonly blocks: Readonly<Record<string, number>>;
}

/** What a block holds: pages of slabs, other pages of the kernel, and pages that lie on a movable per-CPU list. */
export interface BlockContent {
  readonly slab: number;
  readonly other: number;
  readonly listedMovable: number;
}

export function chooseBlockTypes(
  zone: ZoneBlocks,
  freeBlocksOf: (block: number) => readonly number[],
  contentOf: (block: number) => BlockContent,
): number[] {
  const count = zone.endBlock - zone.firstBlock;
  const free = Array.from({ length: count }, (_, at) => freeBlocksOf(zone.firstBlock + at));
  const content = free.map((_, at) => contentOf(zone.firstBlock + at));
  // A free block of order 10 covers two pageblocks, whose types must be the same: those stay movable. Pages that were freed to
  // a movable list were in a movable pageblock.
  const isMovable = free.map((blocks, at) => {
    const isPaired = (blocks[10] ?? 0) > 0 || (free[at - 1]?.[10] ?? 0) > 0;
    return isPaired || (content[at]?.listedMovable ?? 0) > 0;
  });
  const types = rank(zone, isMovable, content);
  const have: Table = new Int32Array(TYPES * ORDERS);
  types.forEach((type, at) => addTo(have, type, free[at] ?? [], 1));
  const want: Table = new Int32Array(TYPES * ORDERS);
  TYPE_NAMES.forEach((name, type) => addTo(want, type, zone.free[name] ?? [], 1));
  for (let round = 0; round < ROUNDS; round++)
    if (!exchange({ firstBlock: zone.firstBlock, types, free, isMovable, have, want })) break;
  return types;
}

function rank(zone: ZoneBlocks, isMovable: readonly boolean[], content: readonly BlockContent[]): number[] {
  const types = isMovable.map((): number => MOVABLE);
  const open = content.map((pages, at) => ({ at, ...pages })).filter(({ at }) => isMovable[at] !== true);
  const bySlab = open.toSorted((a, b) => b.slab + b.other - (a.slab + a.other));
  const unmovable = zone.blocks['Unmovable'] ?? 0;
  const reclaimable = zone.blocks['Reclaimable'] ?? 0;
  bySlab.slice(0, unmovable + reclaimable).forEach(({ at }) => (types[at] = UNMOVABLE));
  // Reclaimable slabs (dentries, inodes) lie in blocks with slab and little else.
  const chosen = bySlab.slice(0, unmovable + reclaimable).toSorted((a, b) => a.other - b.other);
  chosen.slice(0, reclaimable).forEach(({ at }) => (types[at] = RECLAIMABLE));
  return types;
}

/** Blocks by their place in the zone. */
interface Fit {
  readonly firstBlock: number;
  readonly types: number[];
  readonly free: readonly (readonly number[])[];
  readonly isMovable: readonly boolean[];
  readonly have: Table;
  readonly want: Table;
}

/** The best exchange of two blocks' types; false when none comes nearer. */
function exchange(fit: Fit): boolean {
  const { types, isMovable } = fit;
  let best = 0;
  let pair: readonly [number, number] | null = null;
  const special = types.flatMap((type, at) => (type === MOVABLE ? [] : [at]));
  for (const one of special) {
    for (let other = 0; other < types.length; other++) {
      if (types[one] === types[other] || isMovable[other] === true) continue;
      const gain = gainOf(fit, one, other) + BUDDY_GAIN * buddiesGained(fit, one, other);
      if (gain > best) {
        best = gain;
        pair = [one, other];
      }
    }
  }
  if (pair === null) return false;
  apply(types, fit.free, fit.have, pair[0], pair[1]);
  return true;
}

function gainOf({ types, free, have, want }: Fit, one: number, other: number): number {
  const [typeOne, typeOther] = [types[one] ?? 0, types[other] ?? 0];
  let gain = 0;
  for (let order = 0; order < ORDERS; order++) {
    const moved = (free[other]?.[order] ?? 0) - (free[one]?.[order] ?? 0);
    if (moved === 0) continue;
    for (const [type, change] of [
      [typeOne, moved],
      [typeOther, -moved],
    ] as const) {
      const at = type * ORDERS + order;
      const off = (have[at] ?? 0) - (want[at] ?? 0);
      gain += (order + 1) * (Math.abs(off) - Math.abs(off + change));
    }
  }
  return gain;
}

/** How many of the two are of their buddy's type after an exchange, less how many are now. */
function buddiesGained({ firstBlock, types }: Fit, one: number, other: number): number {
  const buddyOf = (at: number): number => ((firstBlock + at) ^ 1) - firstBlock;
  // Buddies of different types stay different.
  if (buddyOf(one) === other) return 0;
  const [typeOne, typeOther] = [types[one], types[other]];
  const [besideOne, besideOther] = [types[buddyOf(one)], types[buddyOf(other)]];
  const now = Number(typeOne === besideOne) + Number(typeOther === besideOther);
  return Number(typeOther === besideOne) + Number(typeOne === besideOther) - now;
}

function apply(types: number[], free: readonly (readonly number[])[], have: Table, one: number, other: number): void {
  const [typeOne, typeOther] = [types[one] ?? 0, types[other] ?? 0];
  const [freeOne, freeOther] = [free[one] ?? [], free[other] ?? []];
  addTo(have, typeOne, freeOne, -1);
  addTo(have, typeOther, freeOther, -1);
  addTo(have, typeOther, freeOne, 1);
  addTo(have, typeOne, freeOther, 1);
  types[one] = typeOther;
  types[other] = typeOne;
}

function addTo(table: Table, type: number, blocks: readonly number[], sign: number): void {
  blocks.forEach((count, order) => {
    const at = type * ORDERS + order;
    table[at] = (table[at] ?? 0) + sign * count;
  });
}

/** Free blocks by order that start in each pageblock, from runs of free frames cut into the largest aligned blocks. */
export function freeBlocksByPageblock(
  runs: readonly { readonly startPfn: number; readonly pages: number }[],
): Map<number, number[]> {
  const byBlock = new Map<number, number[]>();
  for (const { startPfn, pages } of runs) {
    const end = startPfn + pages;
    for (let pfn = startPfn; pfn < end;) {
      let order = ORDERS - 1;
      while (pfn % 2 ** order !== 0 || pfn + 2 ** order > end) order--;
      const block = Math.floor(pfn / PAGEBLOCK_PAGES);
      let counts = byBlock.get(block);
      if (counts === undefined) byBlock.set(block, (counts = new Array<number>(ORDERS).fill(0)));
      counts[order] = (counts[order] ?? 0) + 1;
      pfn += 2 ** order;
    }
  }
  return byBlock;
}
