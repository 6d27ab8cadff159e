/** Which pageblocks of a recorded map are movable. */
import { describe, expect, it } from '@jest/globals';
import { chooseBlockTypes, freeBlocksByPageblock, type BlockContent } from '../src/block-types.js';

const [UNMOVABLE, MOVABLE] = [0, 1];
const NOTHING: BlockContent = { slab: 0, other: 0, listedMovable: 0 };
/** Three pageblocks with 8, 256 and 64 pages free. */
const FREE = freeBlocksByPageblock([
  { startPfn: 0, pages: 8 },
  { startPfn: 512, pages: 256 },
  { startPfn: 1024, pages: 64 },
]);

/** `order`: of the one block that pagetypeinfo counts as unmovable. */
function typesWhere(order: number, contents: readonly Partial<BlockContent>[]): number[] {
  const counts = (orders: readonly number[]): number[] =>
    Array.from({ length: 11 }, (_, at) => Number(orders.includes(at)));
  const free = { Unmovable: counts([order]), Movable: counts([3, 6, 8].filter((other) => other !== order)) };
  const zone = { firstBlock: 0, endBlock: 3, free, blocks: { Unmovable: 1, Movable: 2, Reclaimable: 0 } };
  return chooseBlockTypes(
    zone,
    (block) => FREE.get(block) ?? [],
    (block) => ({ ...NOTHING, ...contents[block] }),
  );
}

describe('types of pageblocks', () => {
  it('fit the counts of free blocks, whatever lies in them', () => {
    expect(typesWhere(8, [{ slab: 400 }])).toEqual([MOVABLE, UNMOVABLE, MOVABLE]);
  });

  it('are movable where pages were freed to a movable per-CPU list, whatever the counts say', () => {
    expect(typesWhere(8, [{}, { listedMovable: 200 }, {}])[1]).toBe(MOVABLE);
  });

  it('are those of their buddies where the counts leave it open: memory changes its type in blocks of order 10', () => {
    // The second and the fourth pageblock are free as a whole, and one of them is unmovable like the third, full of slabs.
    const free = { Unmovable: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], Movable: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0] };
    const zone = { firstBlock: 8, endBlock: 12, free, blocks: { Unmovable: 2, Movable: 2, Reclaimable: 0 } };
    const whole = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    const types = chooseBlockTypes(
      zone,
      (block) => (block === 9 || block === 11 ? whole : []),
      (block) => (block === 10 ? { ...NOTHING, slab: 400 } : NOTHING),
    );
    expect(types).toEqual([MOVABLE, MOVABLE, UNMOVABLE, UNMOVABLE]);
  });
});
