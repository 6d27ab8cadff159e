/**
 * Times the whole core and prints what it costs:
 *
 *   inflate_ns_page, deflate_ns_page, churn_ns_pair   the work of the C reference (see work.ts), best of 25
 *   scaling                churn_ns_pair for 256 MiB, 4 GiB and 64 GiB
 *   touching               the same for what the touches alone cost, without an allocator
 *   compact_pages_per_s    pages examined by the scanners of a manual compaction
 *   bytes_per_page         of all columns of a 4 GiB guest
 *   snapshot_mib_per_s, restore_mib_per_s, digest_mib_per_s   of guest memory, a typical guest of 4 GiB
 *   snapshot_compressed_mib                           its snapshot, gzipped
 *   reference, ratio       with --reference <buddy-reference.c> and a C compiler: its times in the same run, taking turns
 *   reference_scaling      its churn_ns_pair at the three sizes
 *
 * npm run bench:core -- [--json] [--reference <file>]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createMemory } from '../src/boot/create.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../src/state/snapshot.js';
import { GIB_PAGES, ballooning, churn, compactPagesPerSecond, touch, typicalGuest } from './work.js';

const REPEATS = 5;
const COMPARED = ['inflate_ns_page', 'deflate_ns_page', 'churn_ns_pair'] as const;
type Compared = Record<(typeof COMPARED)[number], number>;

/** Sizes that churn is timed at, by GiB; the reference program's own is 4. */
const SIZES = { '256MiB': 0.25, '4GiB': 4, '64GiB': 64 } as const;
type Size = keyof typeof SIZES;
const REFERENCE_PAGES = 'n=1<<20';

/** The reference program for each size, compiled, or null when there is none to compile or no compiler. */
function compileReference(file: string | undefined, folder: string): Record<Size, string> | null {
  if (file === undefined) return null;
  const source = readFileSync(file, 'utf8');
  try {
    if (!source.includes(REFERENCE_PAGES)) throw new Error(`it does not say ${REFERENCE_PAGES}`);
    return bySize((gib, size) => {
      const program = join(folder, size);
      writeFileSync(`${program}.c`, source.replace(REFERENCE_PAGES, `n=${gib * GIB_PAGES}`));
      execFileSync('gcc', ['-O2', '-march=native', `${program}.c`, '-o', program], { stdio: 'ignore' });
      return program;
    });
  } catch (error) {
    console.error(`no comparison with ${file}:`, error);
    return null;
  }
}

function bySize<Value>(of: (gib: number, size: Size) => Value): Record<Size, Value> {
  return {
    '256MiB': of(SIZES['256MiB'], '256MiB'),
    '4GiB': of(SIZES['4GiB'], '4GiB'),
    '64GiB': of(SIZES['64GiB'], '64GiB'),
  };
}

function runReference(program: string): Compared {
  return JSON.parse(execFileSync(program, { encoding: 'utf8' })) as Compared;
}

function least(times: readonly Compared[]): Compared {
  const of = (field: keyof Compared): number => round(Math.min(...times.map((time) => time[field])));
  return {
    inflate_ns_page: of('inflate_ns_page'),
    deflate_ns_page: of('deflate_ns_page'),
    churn_ns_pair: of('churn_ns_pair'),
  };
}

/** MiB of guest memory a second, best of several. */
function guestMibPerSecond(action: () => unknown): number {
  let ms = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    action();
    ms = Math.min(ms, performance.now() - start);
  }
  return Math.round(4096 / (ms / 1000));
}

function best(time: () => number): number {
  return round(Math.min(...Array.from({ length: REPEATS }, time)));
}

const round = (value: number): number => Math.round(value * 100) / 100;

function measure(reference: Record<Size, string> | null): Record<string, unknown> {
  const own: Compared[] = [];
  const theirs: Compared[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    if (reference !== null) theirs.push(runReference(reference['4GiB']));
    // The reference takes the best of 5 in each of its runs.
    for (let within = 0; within < REPEATS; within++) {
      const { inflateNsPage, deflateNsPage } = ballooning();
      own.push({ inflate_ns_page: inflateNsPage, deflate_ns_page: deflateNsPage, churn_ns_pair: churn(4 * GIB_PAGES) });
    }
  }
  const times = least(own);
  const guest = typicalGuest();
  const snapshot = snapshotMemory(guest);
  const figures = {
    ...times,
    compact_pages_per_s: Math.round(compactPagesPerSecond()),
    bytes_per_page: round(createMemory({ ramBytes: 2 ** 32 }).buffer.byteLength / (4 * GIB_PAGES)),
    snapshot_mib_per_s: guestMibPerSecond(() => snapshotMemory(guest)),
    restore_mib_per_s: guestMibPerSecond(() => restoreMemory(snapshot)),
    digest_mib_per_s: guestMibPerSecond(() => digestMemory(guest)),
    snapshot_compressed_mib: round(gzipSync(snapshot).length / 2 ** 20),
    scaling: bySize((gib) => best(() => churn(gib * GIB_PAGES))),
    touching: bySize((gib) => best(() => touch(gib * GIB_PAGES))),
    node: process.version,
  };
  if (reference === null) return figures;
  const compared = least(theirs);
  const ratio = Object.fromEntries(COMPARED.map((field) => [field, round(times[field] / compared[field])]));
  const scaling = bySize((_, size) => runReference(reference[size]).churn_ns_pair);
  return { ...figures, reference: compared, ratio, reference_scaling: scaling };
}

const given = process.argv.indexOf('--reference');
const folder = mkdtempSync(join(tmpdir(), 'bench-core-'));
try {
  const programs = compileReference(given < 0 ? undefined : process.argv[given + 1], folder);
  const figures = measure(programs);
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
  else for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(24), JSON.stringify(value));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
