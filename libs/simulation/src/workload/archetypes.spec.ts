import { describe, expect, it } from '@jest/globals';
import { fixedPages, type Workload } from '#guest';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { ARCHETYPES, type Archetype } from './guest-population.js';
import { ARCHETYPE_MIX, TYPICAL_GIB, archetypeWorkload } from './archetypes.js';

const NOTHING_COMMON = { common: (): number => 0, own: 1 };
const make = (name: Archetype, seed = 1): Workload =>
  archetypeWorkload(name, TYPICAL_GIB[name] * GIB, seed, NOTHING_COMMON);
const ramPages = (name: Archetype): number => (TYPICAL_GIB[name] * GIB) / PAGE_SIZE_BYTES;
const shares = (name: Archetype, seed = 1): number[] =>
  Array.from(make(name, seed).anonPages, (pages) => pages / ramPages(name));
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const loads = (name: Archetype, seed = 1): Float64Array => make(name, seed).loadRatio ?? new Float64Array(0);

describe('Each archetype', () => {
  it.each(ARCHETYPES)('%s fits its RAM, has classes that sum to 1, and is the same for the same seed', (name) => {
    const most = 0.9 * ramPages(name) - fixedPages(ramPages(name));
    expect(Math.max(...make(name).anonPages)).toBeLessThanOrEqual(most);
    expect(Math.min(...make(name).anonPages)).toBeGreaterThan(0);
    expect(Object.values({ ...ARCHETYPE_MIX[name] }).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(make(name).digest).toBe(make(name).digest);
    expect(make(name, 2).digest).not.toBe(make(name).digest);
  });
});

describe('Over a week', () => {
  it('a desktop is flat until a login brings half a GiB, and idle outside office hours', () => {
    for (const seed of [1, 2, 3]) {
      const anon = shares('idle', seed);
      const first = anon[0] ?? 0;
      expect(first).toBeGreaterThan(0.11);
      expect(first).toBeLessThan(0.26);
      expect(Math.max(...anon) - first).toBeCloseTo(0.5 / 4, 2);
      const busy = loads('idle', seed).filter((load) => load > 0.1);
      expect(busy.length / anon.length).toBeCloseTo((5 * 8) / (7 * 24), 1);
    }
  });

  it('a web server swings with the day, three to one, and fills its memory with files in one to three days', () => {
    const load = loads('web');
    const byHour = (hour: number): number =>
      mean([0, 1, 2, 3, 4, 5, 6].map((day) => load[(day * 24 + hour) * 12] ?? 0));
    expect(byHour(16) / byHour(4)).toBeGreaterThan(2.3);
    expect(byHour(16) / byHour(4)).toBeLessThan(3.7);
    const days = ramPages('web') / (mean(make('web').cachePagesPerTick) * 86_400);
    expect(days).toBeGreaterThanOrEqual(1);
    expect(days).toBeLessThanOrEqual(3);
  });

  it("a web server's four workers are replaced one after the other, about twice a week", () => {
    let deploys = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const exits = make('web', seed).exits ?? new Float64Array(0);
      expect(exits.every((programs) => programs <= 1)).toBe(true);
      deploys += exits.reduce((sum, programs) => sum + programs, 0) / 4 / 20;
    }
    expect(deploys).toBeGreaterThan(1.4);
    expect(deploys).toBeLessThan(2.6);
  });

  it('jobs of a build end while it runs, and all of them with it', () => {
    const { exits = new Float64Array(0), loadRatio = new Float64Array(0) } = make('build');
    const isBuilding = (row: number): boolean => loadRatio[row] === 1;
    let ends = 0;
    exits.forEach((programs, row) => {
      const wasBuilding = row > 0 && isBuilding(row - 1);
      expect(programs).toBe(wasBuilding ? (isBuilding(row) ? 1 : 4) : 0);
      if (programs === 4) ends++;
    });
    expect(ends).toBeGreaterThan(20);
    for (const name of ['idle', 'database', 'jvm', 'leak'] as const) expect(make(name).exits).toBeUndefined();
  });

  it('a database holds its pool and never gives it back, and reads it through at night', () => {
    expect(Math.min(...shares('database'))).toBeGreaterThan(0.7);
    expect(Math.max(...shares('database'))).toBeLessThan(0.72);
    expect(make('database').releaseRatio).toBe(0);
    const { cachePagesPerTick } = make('database');
    expect(cachePagesPerTick[2 * 12] ?? 0).toBeCloseTo(GIB / PAGE_SIZE_BYTES / 60);
    expect(cachePagesPerTick[12 * 12] ?? 0).toBeLessThan(100);
  });

  it('a JVM stays between its live heap and its maximum', () => {
    expect(Math.min(...shares('jvm'))).toBeGreaterThan(0.34);
    expect(Math.max(...shares('jvm'))).toBeLessThan(0.56);
    expect(make('jvm').releaseRatio).toBe(0);
  });

  it('builds take about 5 of 16 GiB while they compile, nearly all at the link stage, and nothing at night', () => {
    const all = [1, 2, 3, 4].flatMap((seed) => {
      const load = loads('build', seed);
      return shares('build', seed).map((share, row) => ({ gib: 16 * share, load: load[row] ?? 0, row }));
    });
    const building = all.filter(({ load }) => load === 1).map(({ gib }) => gib);
    expect(mean(building)).toBeGreaterThan(5);
    expect(mean(building)).toBeLessThan(8);
    expect(Math.max(...building)).toBeGreaterThan(12);
    // Two builds an hour of working time, less what falls into a build that runs.
    expect(building.length / all.length).toBeGreaterThan(0.1);
    expect(building.length / all.length).toBeLessThan(0.3);
    for (const { gib, row } of all.filter(({ row: minute }) => (minute / 60) % 24 < 9)) {
      expect([row, gib < 0.7]).toEqual([row, true]);
    }
  });

  it('all but builds have small jobs on the hour and a large one in a row of the night, which differs from guest to guest', () => {
    const mib = (name: Archetype, seed: number): number[] =>
      Array.from(make(name, seed).jobPages ?? [], (pages) => (pages * PAGE_SIZE_BYTES) / MIB);
    expect(make('build').jobPages).toBeUndefined();
    const nights = new Set<number>();
    for (const seed of [1, 2, 3, 4]) {
      for (const name of ['idle', 'web', 'database', 'jvm', 'leak'] as const) {
        const day = mib(name, seed).slice(0, 288);
        const most = Math.max(...day);
        expect(most).toBe(Math.min(256, (1024 / 32) * TYPICAL_GIB[name]));
        const night = day.flatMap((size, row) => (size === most ? [row] : []));
        expect(night.length).toBeLessThanOrEqual(3);
        expect(night.at(-1)! - night[0]!).toBe(night.length - 1);
        expect(night[0]).toBeLessThan(5 * 12);
        nights.add(night[0]!);
        const others = day.filter((_, row) => !night.includes(row));
        expect(others.filter((size) => size === Math.min(64, (1024 / 64) * TYPICAL_GIB[name])).length).toBeGreaterThan(
          22,
        );
        expect(day.filter((size, row) => size > 0 && row % 12 !== 0 && !night.includes(row))).toEqual([]);
      }
    }
    expect(nights.size).toBeGreaterThan(2);
  });

  it('a leak grows by one to five percent of RAM an hour until it is restarted', () => {
    for (const seed of [1, 2, 3]) {
      const anon = shares('leak', seed);
      const steps = anon.slice(1).map((share, at) => share - (anon[at] ?? 0));
      const perHour = 12 * (steps.filter((step) => step > 0).sort((one, other) => one - other)[steps.length >> 2] ?? 0);
      expect(perHour).toBeGreaterThan(0.009);
      expect(perHour).toBeLessThan(0.051);
      expect(steps.filter((step) => step < -0.3).length).toBeGreaterThan(0);
    }
  });
});

it('Guests with demand in common build at the same time more often than others', () => {
  const together = (common: number): number => {
    const process = (timeMs: number): number => common * Math.sin(timeMs / 3.7e6) * Math.SQRT2;
    const own = Math.sqrt(1 - common ** 2);
    const isBuilding = Array.from({ length: 12 }, (_, seed) =>
      Array.from(
        archetypeWorkload('build', 16 * GIB, seed, { common: process, own }).loadRatio ?? [],
        (load) => load === 1,
      ),
    );
    const counts = (isBuilding[0] ?? []).map((_, row) => isBuilding.filter((one) => one[row]).length);
    const average = mean(counts);
    return mean(counts.map((count) => (count - average) ** 2)) / average;
  };
  expect(together(0.95)).toBeGreaterThan(1.15 * together(0));
});
