import { describe, expect, it } from '@jest/globals';
import { createMemory } from '../boot/create.js';
import { ISOLATE, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { TAG_OFFLINE } from '../layout/tags.js';
import { aZone, zonesOf } from '../../test/support/zone.js';
import { procText } from './proc-text.js';

describe('/proc/pagetypeinfo', () => {
  it('case 116: header, widths and order of lines', () => {
    const lines = procText(aZone(4096), 'PAGETYPEINFO').split('\n');
    expect(lines.slice(0, 3)).toEqual(['Page block order: 9', 'Pages per block:  512', '']);
    expect(lines[3]).toBe(
      'Free pages count per migrate type at order       0      1      2      3      4      5      6      7      8      9     10 ',
    );
    const zeros = '     0 '.repeat(10);
    expect(lines.slice(4, 10)).toEqual([
      `Node    0, zone   Normal, type    Unmovable ${zeros}     0 `,
      `Node    0, zone   Normal, type      Movable ${zeros}     4 `,
      `Node    0, zone   Normal, type  Reclaimable ${zeros}     0 `,
      `Node    0, zone   Normal, type   HighAtomic ${zeros}     0 `,
      `Node    0, zone   Normal, type      Isolate ${zeros}     0 `,
      '',
    ]);
    expect(lines.slice(10)).toEqual([
      'Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic      Isolate ',
      'Node 0, zone   Normal            0            8            0            0            0 ',
      '',
    ]);
  });

  it('case 116: the blocks of a zone add up to its pageblocks, isolated ones by what they are now, offline ones left out', () => {
    const memory = aZone(8 * PAGEBLOCK_PAGES);
    memory.blockType[3] = ISOLATE;
    memory.tag.fill(TAG_OFFLINE, 5 * PAGEBLOCK_PAGES, 6 * PAGEBLOCK_PAGES);
    expect(blockCounts(procText(memory, 'PAGETYPEINFO'))).toEqual([[0, 6, 0, 0, 1]]);
    const booted = createMemory({ ramBytes: 2 ** 28 });
    const [dma = [], dma32 = []] = blockCounts(procText(booted, 'PAGETYPEINFO'));
    const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
    // As the recorded guest of 256 MiB has them.
    expect([sum(dma), sum(dma32)]).toEqual([8, 120]);
  });

  it('case 117: a list of 100,000 blocks or more is not walked to its end', () => {
    const memory = zonesOf([{ pages: 1024 }]);
    memory.freeCount[1] = 99_999;
    memory.freeCount[5 + 1] = 100_000;
    memory.freeCount[10 + 1] = 123_456;
    const text = procText(memory, 'PAGETYPEINFO');
    expect(text).toContain('type      Movable  99999 >100000 >100000      0 ');
  });

  it('is written once for each node', () => {
    const memory = createMemory({ ramBytes: 2 ** 29, numaNodes: 2 });
    const text = procText(memory, 'PAGETYPEINFO');
    expect(text.match(/Page block order/g)).toHaveLength(2);
    expect(text.match(/^Node \d, zone +\w+ /gm)).toEqual([
      'Node 0, zone      DMA ',
      'Node 0, zone    DMA32 ',
      'Node 1, zone    DMA32 ',
    ]);
  });
});

/** The second table, a row a zone. */
function blockCounts(text: string): number[][] {
  return text
    .split('\n')
    .filter((line) => /^Node \d, /.test(line))
    .map((line) =>
      line
        .slice(line.indexOf('zone') + 13)
        .trim()
        .split(/ +/)
        .map(Number),
    );
}
