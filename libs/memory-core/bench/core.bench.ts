/**
 * Times the whole core and prints what it costs:
 *
 *   inflate_ns_page, deflate_ns_page, churn_ns_pair   the work of the C reference (see work.ts), best of 25
 *   scaling                churn_ns_pair for 256 MiB, 4 GiB and 64 GiB
 *   compact_pages_per_s    pages examined by the scanners of a manual compaction
 *   bytes_per_page         of all columns of a 4 GiB guest
 *   snapshot_mib_per_s, restore_mib_per_s, digest_mib_per_s   of guest memory, a typical guest of 4 GiB
 *   snapshot_compressed_mib                           its snapshot, gzipped
 *   reference, ratio       with --reference <buddy-reference.c> and a C compiler: its times in the same run, taking turns
 *
 * npm run bench:core -- [--json] [--reference <file>]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createMemory } from '../src/boot/create.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../src/state/snapshot.js';
import { GIB_PAGES, ballooning, churn, compactPagesPerSecond, typicalGuest } from './work.js';

const REPEATS = 5;
const COMPARED = ['inflate_ns_page', 'deflate_ns_page', 'churn_ns_pair'] as const;
type Compared = Record<(typeof COMPARED)[number], number>;

/** The reference program, compiled, or null when there is none to compile or no compiler. */
function compileReference(source: string | undefined, folder: string): string | null {
  if (source === undefined) return null;
  const program = join(folder, 'reference');
  try {
    execFileSync('gcc', ['-O2', '-march=native', source, '-o', program], { stdio: 'ignore' });
    return program;
  } catch {
    console.error(`no comparison: ${source} did not compile with gcc`);
    return null;
  }
}

function runReference(program: string): Compared {
  return JSON.parse(execFileSync(program, { encoding: 'utf8' })) as Compared;
}

function least(times: readonly Compared[]): Compared {
  const best = (field: keyof Compared): number => round(Math.min(...times.map((time) => time[field])));
  return {
    inflate_ns_page: best('inflate_ns_page'),
    deflate_ns_page: best('deflate_ns_page'),
    churn_ns_pair: best('churn_ns_pair'),
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

function bestChurn(gib: number): number {
  return round(Math.min(...Array.from({ length: REPEATS }, () => churn(gib * GIB_PAGES))));
}

const round = (value: number): number => Math.round(value * 100) / 100;

function measure(reference: string | null): Record<string, unknown> {
  const own: Compared[] = [];
  const theirs: Compared[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    if (reference !== null) theirs.push(runReference(reference));
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
    scaling: { '256MiB': bestChurn(0.25), '4GiB': times.churn_ns_pair, '64GiB': bestChurn(64) },
    node: process.version,
  };
  if (theirs.length === 0) return figures;
  const compared = least(theirs);
  const ratio = Object.fromEntries(COMPARED.map((field) => [field, round(times[field] / compared[field])]));
  return { ...figures, reference: compared, ratio };
}

const given = process.argv.indexOf('--reference');
const folder = mkdtempSync(join(tmpdir(), 'bench-core-'));
try {
  const program = compileReference(given < 0 ? undefined : process.argv[given + 1], folder);
  const figures = measure(program);
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
  else for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(24), JSON.stringify(value));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
