import { describe, expect, it } from '@jest/globals';
import { createMemory } from '../boot/create.js';
import { N_KSWAPD_FAILURES } from '../layout/node-fields.js';
import { Z_BOOST } from '../layout/zone-fields.js';
import { createOwner, growOwner } from '../owners/owner.js';
import { procText } from './proc-text.js';

const EMPTY_DEVICE = `Node 0, zone   Device
  pages free     0
        boost    0
        min      0
        low      0
        high     0
        promo    0
        spanned  0
        present  0
        managed  0
        cma      0
        protection: (0, 0, 0, 0, 0)
`;

/** What stands between two lines, these included. */
function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  return text.slice(start, text.indexOf(to, start) + to.length);
}

describe('/proc/zoneinfo', () => {
  it('shows a zone as the recorded guest of 256 MiB does', () => {
    const text = procText(createMemory({ ramBytes: 2 ** 28 }), 'ZONEINFO');
    expect(text.startsWith('Node 0, zone      DMA\n  per-node stats\n      nr_inactive_anon 0\n')).toBe(true);
    expect(between(text, '  pages free     3', ')\n')).toBe(`  pages free     3840
        boost    0
        min      33
        low      41
        high     49
        promo    57
        spanned  4095
        present  3998
        managed  3840
        cma      0
        protection: (0, 189, 189, 189, 189)
`);
    const dma32 = text.slice(text.indexOf('Node 0, zone    DMA32\n'));
    expect(between(dma32, '        min ', 'present  61408\n')).toBe(`        min      423
        low      528
        high     633
        promo    738
        spanned  61408
        present  61408
`);
    expect(between(dma32, '  pagesets', 'start_pfn:           4096\n')).toBe(`  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 15
  vm stats threshold: 4
  node_unreclaimable:  0
  start_pfn:           4096
`);
    expect(dma32).toContain('protection: (0, 0, 0, 0, 0)\n      nr_free_pages ');
    expect(text.endsWith(EMPTY_DEVICE)).toBe(true);
  });

  it('shows zones without memory, whose Movable mark 6.12 clamps', () => {
    const marks = (['6.1', '6.12'] as const).map((kernelProfile) => {
      const text = procText(createMemory({ ramBytes: 2 ** 28, kernelProfile }), 'ZONEINFO');
      return between(text.slice(text.indexOf('zone  Movable')), '        min ', 'spanned');
    });
    expect(marks).toEqual([
      '        min      0\n        low      0\n        high     0\n        spanned',
      '        min      32\n        low      32\n        high     32\n        promo    32\n        spanned',
    ]);
  });

  it('shows the marks of per-CPU lists and the high-atomic reserve where the release has them', () => {
    const text = procText(createMemory({ ramBytes: 2 ** 28, kernelProfile: '7.0' }), 'ZONEINFO');
    const dma32 = text.slice(text.indexOf('Node 0, zone    DMA32\n'));
    expect(between(dma32, '    cpu: 0', 'free_highatomic:     0\n')).toMatch(
      /^ {4}cpu: 0\n {14}count: {4}0\n {14}high: {5}\d+\n {14}batch: {4}15\n {14}high_min: \d+\n {14}high_max: \d+\n {2}vm stats threshold: 4\n {2}node_unreclaimable: {2}0\n {2}start_pfn: {11}4096\n {2}reserved_highatomic: 0\n {2}free_highatomic: {5}0\n$/,
    );
  });

  it('adds the boost to the marks, and says when kswapd has given up', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    memory.zones[64 + Z_BOOST] = 512;
    memory.nodes[N_KSWAPD_FAILURES] = 16;
    const text = procText(memory, 'ZONEINFO');
    expect(text).toContain(
      '        boost    512\n        min      935\n        low      1040\n        high     1145\n',
    );
    expect(text.match(/node_unreclaimable: {2}1/g)).toHaveLength(2);
  });

  it('counts what a zone and a node hold of their own', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    growOwner(memory, createOwner(memory, 'FILE'), 741);
    growOwner(memory, createOwner(memory, 'SLAB_UNRECLAIMABLE'), 50);
    const text = procText(memory, 'ZONEINFO');
    expect(between(text, 'per-node stats', 'protection')).toContain('\n      nr_inactive_file 741\n');
    expect(text).toContain('\n      nr_slab_unreclaimable 50\n');
    const dma32 = text.slice(text.indexOf('Node 0, zone    DMA32\n'));
    expect(dma32).toContain('\n      nr_zone_inactive_file 741\n');
    expect(dma32).not.toContain('per-node');
  });

  it('places the memory above 4 GiB where it is', () => {
    const text = procText(createMemory({ ramBytes: 2 ** 32, cpus: 2 }), 'ZONEINFO');
    // As the recorded guest of 4 GiB: the span of DMA32 goes on to 4 GiB.
    expect(text).toContain('        spanned  1044480\n        present  782304\n');
    expect(text).toContain('  start_pfn:           1048576\n');
    expect(text.match(/vm stats threshold: \d+/g)).toEqual(
      ['4', '4', '24', '24', '16', '16'].map((n) => `vm stats threshold: ${n}`),
    );
  });
});
