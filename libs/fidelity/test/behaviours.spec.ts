/** What the recordings show and a simulator must get right, by the numbers of the recordings' own list. */
import { describe, expect, it } from '@jest/globals';
import {
  BalloonFeature,
  DEFAULT_BALLOON_COSTS,
  backOffUs,
  nextStepUs,
  probeBalloon,
  runClock,
  setTarget,
  startClock,
} from '#guest';
import { compactMemory, vmstat } from '#memory-core';
import { initialState } from '../src/initial-state.js';
import { oneCompactions } from '../src/one-compaction.js';
import { readRecording, replayed } from './recorded.js';

const PAGES_PER_MIB = 256;

/** Change of a counter over one step, recorded and simulated. */
function changeOf(name: string, counter: string, index: number): { recorded: number; simulated: number } {
  const { recording, replay } = replayed(name);
  const before = index === 0 ? recording.boot.snapshot : recording.steps[index - 1]?.after;
  const beforeSimulated = index === 0 ? replay.boot : replay.steps[index - 1]?.observed;
  return {
    recorded: (recording.steps[index]?.after?.vmstat[counter] ?? 0) - (before?.vmstat[counter] ?? 0),
    simulated: (replay.steps[index]?.observed.vmstat[counter] ?? 0) - (beforeSimulated?.vmstat[counter] ?? 0),
  };
}

/** Device batches of an idle recorded guest that is asked for `pages`, until `untilUs`. */
function inflated(
  name: string,
  profile: '6.1' | '6.12',
  pages: number,
  untilUs: number,
): { batches: number[][]; stepUs: number } {
  const { memory } = initialState(readRecording(name));
  const features = BalloonFeature.MUST_TELL_HOST;
  const balloon = probeBalloon({ memory, features, costs: DEFAULT_BALLOON_COSTS, backOffUs: backOffUs(profile) });
  if (balloon === null) throw new RangeError('no balloon');
  const batches: number[][] = [];
  balloon.device.observer = (event) => {
    if (event.kind === 'INFLATE') batches.push([...event.pfns]);
  };
  const clock = startClock(memory, balloon, 0);
  setTarget(balloon, pages, 0);
  runClock(clock, 0, untilUs);
  return { batches, stepUs: nextStepUs(balloon) - untilUs };
}

function shareOfSteps(pfns: readonly number[], step: number): number {
  let same = 0;
  for (let at = 1; at < pfns.length; at++) if ((pfns[at] ?? 0) - (pfns[at - 1] ?? 0) === step) same++;
  return same / (pfns.length - 1);
}

describe('what the recordings show', () => {
  it.each(['offline-full-1024-6.1', 'offline-full-1024-6.12'])(
    'a host that helps a stuck offline along takes none of the pages that are isolated just then: %s',
    (name) => {
      const { recorded, simulated } = changeOf(name, 'balloon_migrate', 6);
      expect(recorded).toBe(PAGES_PER_MIB * 128);
      expect(simulated).toBe(recorded);
    },
  );

  it('who writes a block’s state holds four movable pages, which outlast the lists: two blocks gone, Movable keeps 1,496 managed', () => {
    const { recording, replay } = replayed('offline-movable-1024-6.12');
    const recorded = recording.steps[22]?.after?.zoneinfo['Movable']?.managed;
    const simulated = replay.steps[22]?.observed.zones.find(({ name }) => name === 'Movable')?.managedPages;
    expect(recorded).toBe(1496);
    expect(simulated).toBe(recorded);
  });

  it.each([
    ['inflate-past-free-plain-256-6.12', '6.12', 204_000],
    ['inflate-past-free-plain-256-6.1', '6.1', 208_000],
  ] as const)(
    '1: %s moves at most 256 pages at once, sends a partial batch, and tries again for ever',
    (name, profile, us) => {
      const { batches, stepUs } = inflated(name, profile, 240 * PAGES_PER_MIB, 20e6);
      expect(Math.max(...batches.map(({ length }) => length))).toBe(256);
      expect(batches.some(({ length }) => length < 256)).toBe(true);
      expect(backOffUs(profile)).toBe(us);
      expect(stepUs).toBeLessThanOrEqual(us);
    },
  );

  it('2, 3: refills hand out ascending frames, and the device sees each batch the other way round', () => {
    const { batches } = inflated('inflate-deflate-512-6.12', '6.12', 100 * PAGES_PER_MIB, 10e6);
    const late = batches.slice(-20).flat();
    expect(Math.max(shareOfSteps(late, -1), shareOfSteps(late, 1))).toBeGreaterThan(0.9);
  });

  it('4: the balloon is a stack: what was taken last is given back first', () => {
    const { replay, recording } = replayed('inflate-deflate-512-6.12');
    const stack: number[] = [];
    let popped = 0;
    replay.steps.forEach(({ devicePfns, observed }, index) => {
      const grew = observed.balloonPages > (replay.steps[index - 1]?.observed.balloonPages ?? 0);
      if (grew) stack.push(...devicePfns);
      else if (devicePfns.length > 0) {
        const newest = new Set(stack.splice(stack.length - devicePfns.length));
        popped += devicePfns.filter((pfn) => newest.has(pfn)).length;
        expect(newest.size).toBe(devicePfns.length);
      }
    });
    const deflated = recording.steps.at(-1)?.after?.vmstat['balloon_deflate'];
    expect(popped).toBe(deflated);
  });

  it('5: MemFree moves with the per-CPU lists of each release as recorded', () => {
    for (const name of ['inflate-deflate-256-6.12', 'inflate-deflate-512-6.12', 'inflate-deflate-256-6.1']) {
      const off = replayed(name).comparisons.filter(
        ({ metric, isWithin }) => metric === 'MemFree, always' && !isWithin,
      );
      expect(off).toEqual([]);
    }
  });

  it('6: every zone has as much free as recorded, within 3 % of RAM, however the balloon goes through them', () => {
    const { recording, replay } = replayed('zones-4096-6.12');
    replay.steps.forEach(({ observed, index }) => {
      for (const { name, freePages } of observed.zones) {
        const recorded = recording.steps[index]?.after?.zoneinfo[name]?.free ?? 0;
        expect(Math.abs(freePages - recorded)).toBeLessThan(recording.ram_mib * PAGES_PER_MIB * 0.03);
      }
    });
  });

  it('7: without deflate-on-oom MemTotal shrinks page for page, with it it does not', () => {
    const plain = replayed('inflate-deflate-256-6.12').replay;
    for (const { observed } of plain.steps)
      expect(observed.totalPages + observed.balloonPages).toBe(plain.boot.totalPages);
    const kept = replayed('inflate-past-free-doom-256-6.12').replay;
    for (const { observed } of kept.steps) expect(observed.totalPages).toBe(kept.boot.totalPages);
  });

  it('8: deflate-on-oom gives 256 pages at a time and does not take them again', () => {
    const { recording, replay } = replayed('oom-deflate-on-256-6.12');
    const { balloon_deflate: simulated = 0 } = replay.steps.at(-1)?.observed.vmstat ?? {};
    expect(simulated % 256).toBe(0);
    const recorded = recording.steps.at(-1)?.after?.vmstat['balloon_deflate'] ?? 0;
    expect(Math.abs(simulated - recorded)).toBeLessThanOrEqual(recording.ram_mib * PAGES_PER_MIB * 0.015);
  });

  it('9: hashed holes are compacted as recorded', () => {
    const metrics = ['free blocks of order ≥ 9 after a manual compaction', 'the same, summed over the run'];
    const found = replayed('compaction-random-256-6.12').comparisons.filter(({ metric }) => metrics.includes(metric));
    expect(found.filter(({ isWithin }) => isWithin).length).toBeGreaterThanOrEqual(found.length * 0.9);
  });

  it('9: over periodic holes the free scanner takes ever longer strides past them, and next to nothing is moved', () => {
    const recording = readRecording('compaction-with-balloon-512-6.12');
    const [first] = oneCompactions(recording);
    const looks = (recording.steps[6]?.compaction_trace ?? []).flatMap((line) => {
      const [, scanned] = /isolate_freepages: .* nr_scanned=(\d+) nr_taken=0$/.exec(line) ?? [];
      return scanned === undefined ? [] : [Number(scanned)];
    });
    expect(looks.join(' ')).toContain('512 256 128 64 32 16 16 16');
    // Every block that the recorded scanner passed over and every frame it looked at, so the strides are the same.
    expect(first?.events).toMatchObject({ equal: first?.events.recorded, simulated: first?.events.recorded });
    const moved = first?.counters.find(({ name }) => name === 'pgmigrate_success');
    expect(moved).toEqual({ name: 'pgmigrate_success', recorded: 299, simulated: 299 });
    const hashed = changeOf('compaction-random-256-6.12', 'pgmigrate_success', 14).simulated;
    expect(hashed).toBeGreaterThan(10 * (moved?.simulated ?? Infinity));
  });

  it('10: compact_memory takes DMA first, then DMA32', () => {
    const { replay } = replayed('compaction-random-256-6.12');
    const begins = replay.steps.flatMap(({ compaction }) => compaction.filter(({ kind }) => kind === 'BEGIN'));
    expect(begins.map((event) => (event.kind === 'BEGIN' ? event.zone : -1)).slice(0, 2)).toEqual([0, 1]);
  });

  it('12: an offlined block moves its balloon pages, and nothing else is counted', () => {
    const name = 'offline-movable-1024-6.12-r2';
    const { recording, replay } = replayed(name);
    const moved = recording.steps.flatMap(({ op }, index) =>
      op === 'memblock' && changeOf(name, 'balloon_migrate', index).recorded === 32_768 ? [index] : [],
    );
    expect(moved.length).toBeGreaterThan(0);
    for (const index of moved) {
      expect(changeOf(name, 'balloon_migrate', index).simulated).toBe(32_768);
      expect(changeOf(name, 'balloon_inflate', index).simulated).toBe(0);
      expect(replay.steps[index]?.observed.totalPages).toBe(
        (recording.steps[index]?.after?.meminfo['MemTotal'] ?? 0) / 4,
      );
    }
  });

  it('13: with too little room elsewhere a block goes offline only once the host gives memory back', () => {
    const { recording, replay } = replayed('offline-full-1024-6.12');
    for (const index of [4, 6]) {
      const total = (recording.steps[index]?.after?.meminfo['MemTotal'] ?? 0) / 4;
      expect(replay.steps[index]?.observed.totalPages).toBe(total);
    }
  });

  it('14: with blocks offline the balloon holds what it held, and just stops earlier', () => {
    const name = 'offline-full-1024-6.12';
    const { recording, replay } = replayed(name);
    const held = (index: number): number => replay.steps[index]?.observed.balloonPages ?? -1;
    // A block under the inflated balloon, then three under the empty one, and the target that is out of reach without them.
    for (const index of [15, 18, 19, 20]) {
      expect(recording.steps[index]?.args['state']).toBe('offline');
      expect(replay.steps[index]?.answer.errno).toBe(0);
      expect(held(index)).toBe(recordedBalloon(name, index));
      expect(held(index)).toBe(held(index - 1));
      expect(changeOf(name, 'balloon_deflate', index).simulated).toBe(0);
    }
    const { target = 0, reached_ms: reached } = recording.steps[23] ?? {};
    const ramPages = recording.ram_mib * PAGES_PER_MIB;
    const askedPages = ramPages - target / 4096;
    expect(reached).toBeNull();
    expect(held(23)).toBeLessThan(askedPages);
    expect(Math.abs(held(23) - recordedBalloon(name, 23))).toBeLessThan(ramPages * 0.01);
  });

  it('15: the balloon empties the node of its CPU, DMA32 before DMA, then the other, and gives back in reverse', () => {
    const taken = takenFromNodes('numa-512-6.12');
    // The balloon works on node 0 at first, then (from step 16 on) on node 1.
    expect(taken(2)).toMatchObject({ other: 0, DMA: 0 });
    expect(taken(3).DMA).toBeGreaterThan(2000);
    expect(taken(3).other).toBe(0);
    expect(taken(4).other).toBeGreaterThan(15_000);
    expect(taken(5)).toMatchObject({ DMA32: 0, DMA: 0, other: 64 * PAGES_PER_MIB });
    expect(taken(7)).toMatchObject({ DMA32: 0, DMA: 0, other: -96 * PAGES_PER_MIB });
    expect(taken(17)).toMatchObject({ DMA32: 0, DMA: 0, other: 64 * PAGES_PER_MIB });
    expect(taken(18)).toMatchObject({ DMA32: 0, DMA: 0, other: 128 * PAGES_PER_MIB });
  });

  it('15: a block of node 1 sends its balloon pages to node 0 only, and waits in vain when that one is full', () => {
    const { recording, replay } = replayed('numa-offline-1024-6.12');
    const managed = (index: number, zone: string): number =>
      replay.steps[index]?.observed.zones.find(({ name }) => name === zone)?.managedPages ?? -1;
    expect(replay.steps[10]?.answer.errno).toBe(0);
    expect(managed(9, 'Movable') - managed(10, 'Movable')).toBe(32_768);
    expect(managed(10, 'N1.DMA32')).toBe(managed(9, 'N1.DMA32'));
    expect(recording.steps[20]?.rc).toBe(-4);
    expect(replay.steps[20]?.answer.errno).toBe(-4);
    const roomOfNode1 = replay.steps[19]?.observed.zones.find(({ name }) => name === 'N1.Movable')?.freePages;
    expect(roomOfNode1).toBeGreaterThan(32_768);
  });

  it('15: compacting a node moves the pages of that node only', () => {
    const name = 'numa-512-6.12';
    for (const index of [46, 48])
      expect(changeOf(name, 'balloon_migrate', index)).toEqual({ recorded: 0, simulated: 0 });
    const { recorded, simulated } = changeOf(name, 'balloon_migrate', 47);
    expect(Math.abs(simulated - recorded)).toBeLessThan(recorded * 0.15);
    const { replay } = replayed(name);
    const managed = (index: number): number[] => replay.steps[index]?.observed.zones.map((z) => z.managedPages) ?? [];
    expect(managed(47)).toEqual(managed(45));
  });

  it('16: three requests for huge pages stay where they are: kswapd has given up, and nobody wakes kcompactd', () => {
    const name = 'hugetlb-512-6.12';
    const { recording, replay } = replayed(name);
    expect(changeOf(name, 'pageoutrun', 4)).toEqual({ recorded: 16, simulated: 16 });
    for (const index of [12, 13, 14]) {
      expect(changeOf(name, 'compact_daemon_wake', index).simulated).toBe(0);
      expect(Math.abs((replay.steps[index]?.answer.hugePages ?? 0) - (recording.steps[index]?.got ?? 0))).toBeLessThan(
        3,
      );
    }
  });

  it.each([
    { name: 'inflate-past-free-plain-256-6.12', step: 3, runs: 16, high: 14, low: 1 },
    { name: 'inflate-past-free-plain-256-6.1', step: 3, runs: 16, high: 14, low: 1 },
    { name: 'numa-offline-1024-6.12', step: 20, runs: 16, high: 15, low: 0 },
    { name: 'zones-4096-6.12', step: 8, runs: 16, high: 15, low: 0 },
  ])('16: with nothing to reclaim kswapd runs until it gives up: $name', ({ name, step, runs, high, low }) => {
    expect(changeOf(name, 'pageoutrun', step)).toEqual({ recorded: runs, simulated: runs });
    expect(changeOf(name, 'kswapd_high_wmark_hit_quickly', step)).toEqual({ recorded: high, simulated: high });
    expect(changeOf(name, 'kswapd_low_wmark_hit_quickly', step)).toEqual({ recorded: low, simulated: low });
  });

  it('17: with page cache in the way the balloon reaches every target that the recorded one reached', () => {
    const { comparisons } = replayed('inflate-pagecache-256-6.12');
    const found = comparisons.filter(({ metric }) => metric.startsWith('balloon pages of a target'));
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ isWithin }) => !isWithin)).toEqual([]);
  });

  it('18: reading everything back brings in and pushes out as much as recorded', () => {
    const name = 'swap-512-6.12';
    const { recording } = replayed(name);
    // What the recording's concurrent workers did comes after these.
    for (const index of [14, 16]) {
      expect(recording.steps[index]?.op).toBe('worker');
      for (const counter of ['pswpin', 'pswpout', 'pgmajfault']) {
        const { recorded, simulated } = changeOf(name, counter, index);
        expect(Math.abs(simulated - recorded)).toBeLessThanOrEqual(recorded * 0.15);
      }
    }
  });

  it('17: pages of a file that were read again are spared for those that were read once', () => {
    const name = 'pagecache-reclaim-512-6.12';
    // Of both steps together: a run of kswapd takes a thousand pages and more, and falls into the one or the other.
    const both = (counter: string): number =>
      changeOf(name, counter, 7).simulated + changeOf(name, counter, 9).simulated;
    expect(both('pgrefill')).toBe(44_032);
    expect(both('workingset_activate_file')).toBe(21_504);
    // Those that had been read four times or more; the recorded reader's choice of pages is not known.
    expect(Math.abs(both('workingset_restore_file') - 5101)).toBeLessThan(5101 * 0.05);
    expect(Math.abs(both('pgsteal_file') - 42_048)).toBeLessThan(42_048 * 0.05);
  });

  it('17: of a generation the highest zone goes first: cache in zone DMA stays until the third inflation after', () => {
    const { replay, recording } = replayed('pagecache-reclaim-512-6.12');
    for (const index of [13, 15, 17]) {
      const recorded = recording.steps[index]?.after?.zoneinfo['DMA']?.managed ?? 0;
      const simulated = replay.steps[index]?.observed.zones.find((zone) => zone.name === 'DMA')?.managedPages ?? 0;
      expect(Math.abs(simulated - recorded)).toBeLessThan(300);
    }
  });

  it('17: a cache that is dropped takes its index with it, and the per-CPU lists give all back', () => {
    const name = 'pagecache-reclaim-512-6.12';
    const { recording, replay } = replayed(name);
    expect(recording.steps[41]?.args['path']).toContain('drop_caches');
    expect(replay.steps[40]?.observed.perCpuPages).toBeGreaterThan(300);
    expect(replay.steps[41]?.observed.perCpuPages).toBeLessThan(100);
  });

  it('18: a program that goes round in half of its memory keeps that half beside the balloon', () => {
    const name = 'swap-512-6.12';
    expect(replayed(name).recording.steps[26]?.op).toBe('balloon');
    const { recorded, simulated } = changeOf(name, 'pswpout', 26);
    expect(Math.abs(simulated - recorded)).toBeLessThanOrEqual(recorded * 0.15);
    expect(changeOf(name, 'pswpin', 26).simulated).toBeLessThan(1000);
    // And loses the less of it later: two recordings have 32,521 and 144,056.
    expect(changeOf(name, 'pswpin', 29).simulated).toBeLessThan(150_000);
  });

  it('18: a cache that nobody misses goes before programs; one that comes back at once goes after them', () => {
    const name = 'swap-512-6.12';
    const taken = (index: number): number[] =>
      ['pgsteal_anon', 'pgsteal_file'].map((counter) => changeOf(name, counter, index).simulated);
    const recorded = (index: number, counter: string): number => changeOf(name, counter, index).recorded;
    for (const index of [33, 34]) {
      expect(taken(index)[0]).toBeLessThan(100);
      expect(recorded(index, 'pgsteal_anon')).toBeLessThan(100);
    }
    expect(recorded(37, 'pgsteal_anon')).toBeGreaterThan(38_000);
    expect(taken(37)[0]).toBeGreaterThan(37_000);
    expect(taken(37)[1]).toBeLessThan(1000);
  });

  it('19: proactiveness 20 leaves memory scattered, 60 and 100 act, and it counts as the daemon without a wake', () => {
    const name = 'kcompactd-512-6.12';
    const { recording, replay } = replayed(name);
    const scattered = (index: number): number =>
      replay.steps[index]?.observed.zones.find((zone) => zone.name === 'DMA32')?.unusableRatio[9] ?? -1;
    const daemon = 'compact_daemon_migrate_scanned';
    for (const index of [7, 20]) {
      expect(recording.steps[index]?.op).toBe('series');
      expect(scattered(index)).toBeGreaterThan(0.8);
      expect(changeOf(name, daemon, index)).toEqual({ recorded: 0, simulated: 0 });
    }
    expect(scattered(8)).toBeLessThan(0.1);
    expect(scattered(22)).toBeGreaterThan(0.3);
    expect(scattered(22)).toBeLessThan(0.5);
    for (const index of [8, 23]) {
      const { recorded, simulated } = changeOf(name, daemon, index);
      expect(Math.abs(simulated - recorded)).toBeLessThan(recorded * 0.15);
    }
    expect(replay.steps.at(-1)?.observed.vmstat['compact_daemon_wake']).toBe(0);
  });

  it('11: enabling huge pages raises the watermarks', () => {
    expect(marksOff('thp-pressure-512-6.12', 0)).toEqual([]);
    const { observed } = replayed('thp-pressure-512-6.12').replay.steps[0] ?? {};
    const { boot } = replayed('thp-pressure-512-6.12').replay;
    expect(observed?.zones[1]?.minPages).toBeGreaterThan((boot.zones[1]?.minPages ?? 0) * 5);
  });

  it('20: watermarks follow a sysctl write, computed from what the balloon has left, and nothing else', () => {
    const { recording } = replayed('watermarks-512-6.12');
    const writes = recording.steps.flatMap(({ op }, index) => (op === 'write' ? [index] : []));
    // The tenth comes when the balloon has taken other pages of DMA than the recorded one (see docs/fidelity-limits.md).
    const compared = writes.slice(0, 9);
    expect(compared).toHaveLength(9);
    expect(compared.flatMap((index) => marksOff('watermarks-512-6.12', index))).toEqual([]);
  });

  it('21: inside a compaction balloon_migrate is ahead of pgmigrate_success, and no more at its end', () => {
    const { memory } = initialState(readRecording('inflate-deflate-256-6.12'));
    const features = BalloonFeature.MUST_TELL_HOST;
    const balloon = probeBalloon({ memory, features, costs: DEFAULT_BALLOON_COSTS, backOffUs: backOffUs('6.12') });
    if (balloon === null) throw new RangeError('no balloon');
    const clock = startClock(memory, balloon, 0);
    setTarget(balloon, 100 * PAGES_PER_MIB, 0);
    runClock(clock, 0, 5e6);
    const counted = (): { balloon: number; all: number } => {
      const counters = new Map(vmstat(memory));
      return { balloon: counters.get('balloon_migrate') ?? 0, all: counters.get('pgmigrate_success') ?? 0 };
    };
    let before = counted();
    let mostAhead = 0;
    const task = compactMemory(memory);
    while (task.next().done !== true) {
      const now = counted();
      if (now.all === before.all) mostAhead = Math.max(mostAhead, now.balloon - before.balloon);
      else before = now;
    }
    expect(mostAhead).toBeGreaterThan(16);
    expect(counted().balloon).toBeGreaterThan(0);
    expect(counted().balloon).toBeLessThanOrEqual(counted().all);
  });

  it('21: a block that will not go offline still empties the per-CPU lists of its zone', () => {
    const { recording, replay } = replayed('numa-offline-1024-6.12');
    const free = (index: number): number =>
      replay.steps[index]?.observed.zones.find(({ name }) => name === 'N1.DMA32')?.freePages ?? 0;
    const perCpu = (index: number): number => replay.steps[index]?.observed.perCpuPages ?? 0;
    expect(recording.steps[42]?.rc).toBe(-16);
    expect(replay.steps[42]?.answer.errno).toBe(-16);
    expect(free(42) - free(41)).toBeGreaterThan(300);
    expect(perCpu(41) - perCpu(42)).toBe(free(42) - free(41));
  });
});

/** Pages the balloon holds after a recorded step. */
function recordedBalloon(name: string, index: number): number {
  const { ram_mib: ramMib, steps } = readRecording(name);
  return ramMib * PAGES_PER_MIB - (steps[index]?.after?.qmp_actual ?? 0) / 4096;
}

/** What a step took of the zones of two nodes, both ways agreed to within 1 % of RAM; managed pages shrink with the balloon. */
function takenFromNodes(name: string): (index: number) => { DMA: number; DMA32: number; other: number } {
  const { recording, replay } = replayed(name);
  const simulated = (index: number, zone: string): number =>
    replay.steps[index]?.observed.zones.find((each) => each.name === zone)?.managedPages ?? 0;
  const recorded = (index: number, zone: string): number => recording.steps[index]?.after?.zoneinfo[zone]?.managed ?? 0;
  const shrunk = (index: number, zone: string): number => {
    const pages = simulated(index - 1, zone) - simulated(index, zone);
    const real = recorded(index - 1, zone) - recorded(index, zone);
    expect(Math.abs(pages - real)).toBeLessThan(recording.ram_mib * PAGES_PER_MIB * 0.01);
    return pages;
  };
  return (index) => ({
    DMA: shrunk(index, 'DMA'),
    DMA32: shrunk(index, 'DMA32'),
    other: shrunk(index, 'N1.DMA32'),
  });
}

/** Zones whose watermarks after a step are not the recorded ones. */
function marksOff(name: string, index: number): string[] {
  const { recording, replay } = replayed(name);
  const zoneinfo = recording.steps[index]?.after?.zoneinfo ?? {};
  const zones = replay.steps[index]?.observed.zones ?? [];
  return zones.flatMap(({ name: zone, minPages, lowPages, highPages }) => {
    const recorded = zoneinfo[zone];
    if (recorded === undefined) return [];
    const { min, low, high, boost } = recorded;
    const same = minPages === min + boost && lowPages === low + boost && highPages === high + boost;
    return same ? [] : [`step ${index} ${zone}: ${minPages}/${lowPages}/${highPages}, recorded ${min}/${low}/${high}`];
  });
}
