/**
 * The software of a machine that builds a compiler: jobs that come and go while object files and the kernel's caches grow
 * between them. How much they have at a time follows a recorded build (build-course.ts). It acts on a guest's memory from
 * outside, a second at a time.
 *
 * Guesses, chosen with E1 to E4 in view: lifetimes log-normal with σ 1, a median of 8 s while it compiles and of 45 s while it links; all jobs together vary
 * by 13 % about the recorded course and anew every 5 s, as the recorded ones do about their minutes, up to the most they had.
 */
import { destroyOwner, ownerPages, runOnCpu, type Memory } from '#memory-core';
import { RandomStream } from '#units';
import { programsAt, type BuildCourse } from './build-course.js';
import { figureAt } from '../course.js';
import { growTo, nothingYet, shrinkTo, SLICE_PAGES, type Grown } from './grown.js';
import { GIB_PAGES, MIB_PAGES } from './page-units.js';

const MEDIAN_LIFE_SEC = 8;
const MEDIAN_LINK_SEC = 45;
const LIFE_SPREAD = 1;
const PROGRAMS_SPREAD = 0.13;
const REDRAW_SEC = 5;
/** Sources, headers and tools, read as jobs come to need them; `make clean` leaves them (recorded: 0.64 GiB). */
const SOURCE_PAGES = 0.64 * GIB_PAGES;
const SOURCES_READ_BY = 0.73;
/** Programs and libraries of the system: mapped, so that dropping caches leaves them; what reclaim took is read again. */
const SYSTEM_PAGES = 76 * MIB_PAGES;
/** Inodes and directory entries, for each page of page cache (recorded: 49,000 pages for 1.34 million). */
const SLAB_RATIO = 0.036;
/** Pages of slab that some object in use keeps when caches are dropped (a guess). */
const STUCK_SLAB_RATIO = 0.05;
const TABLES_RATIO = 1.5 / 512;

interface Job {
  readonly cpu: number;
  readonly anon: Grown;
  readonly tables: Grown;
  readonly lifeSec: number;
  ageSec: number;
}

export interface BuildPlan {
  readonly lengthSec: number;
  readonly course: BuildCourse;
  readonly seed: number;
}

export class CompilerRun {
  readonly #random: RandomStream;
  readonly #jobs: Job[] = [];
  readonly #objects: Grown;
  readonly #sources: Grown;
  readonly #slab: Grown;
  readonly #system: Grown;
  #second = 0;
  #variation = 1;

  constructor(
    private readonly memory: Memory,
    private readonly plan: BuildPlan,
  ) {
    this.#random = RandomStream.of(plan.seed, 'compiler run');
    this.#objects = nothingYet(memory, 'FILE');
    this.#sources = nothingYet(memory, 'FILE');
    this.#slab = nothingYet(memory, 'SLAB_RECLAIMABLE');
    this.#system = nothingYet(memory, 'FILE');
  }

  /** Another build, after make clean: sources and tools are in the page cache already. */
  beginAgain(): void {
    this.#second = 0;
  }

  /** One second of building. */
  advance(): void {
    if (this.#second % REDRAW_SEC === 0) this.#variation = Math.exp(PROGRAMS_SPREAD * this.#random.nextNormal());
    while (this.#jobs.length < this.plan.course.jobs) this.#start();
    const missing = Math.max(0, this.#wantedPages() - this.#jobs.reduce((sum, { anon }) => sum + anon.given, 0));
    const turns = Math.max(1, Math.ceil(missing / SLICE_PAGES / this.plan.course.jobs));
    for (let turn = 0; turn < turns; turn++) {
      if (missing > 0) for (const job of this.#jobs) this.#growJob(job);
      runOnCpu(this.memory, turn % this.plan.course.jobs);
      this.#growFiles((this.#second + (turn + 1) / turns) / this.plan.lengthSec);
    }
    this.#readSystem();
    this.#second++;
    for (const job of this.#jobs) job.ageSec++;
    this.#endJobs(({ ageSec, lifeSec }) => ageSec >= lifeSec);
    runOnCpu(this.memory, 0);
  }

  /** Everything has been built. */
  finish(): void {
    this.#endJobs(() => true);
  }

  /** make clean: what was built is deleted; the kernel keeps what it knew of the rest. */
  clean(): void {
    shrinkTo(this.memory, this.#objects, 0);
    shrinkTo(this.memory, this.#slab, SLAB_RATIO * ownerPages(this.memory, this.#sources.owner));
  }

  /** echo 3 > drop_caches. */
  dropCaches(): void {
    for (const cache of [this.#sources, this.#objects]) shrinkTo(this.memory, cache, 0);
    shrinkTo(this.memory, this.#slab, STUCK_SLAB_RATIO * ownerPages(this.memory, this.#slab.owner));
  }

  /** Page cache of the build and of the system. */
  get cachedPages(): number {
    return this.#builtPages + ownerPages(this.memory, this.#system.owner);
  }

  get #builtPages(): number {
    return ownerPages(this.memory, this.#objects.owner) + ownerPages(this.memory, this.#sources.owner);
  }

  get #share(): number {
    return this.#second / this.plan.lengthSec;
  }

  #wantedPages(): number {
    const { course } = this.plan;
    const most = Math.max(...course.programsGib.map(([, gib]) => gib));
    return GIB_PAGES * Math.min(most, programsAt(course, this.#share) * this.#variation);
  }

  #start(): void {
    const isLinking = this.plan.course.links.some(([from, until]) => this.#share >= from && this.#share < until);
    const median = isLinking ? MEDIAN_LINK_SEC : MEDIAN_LIFE_SEC;
    const lifeSec = Math.max(1, Math.round(median * Math.exp(LIFE_SPREAD * this.#random.nextNormal())));
    const anon = nothingYet(this.memory, 'ANON');
    const tables = nothingYet(this.memory, 'PAGE_TABLE');
    const cpu = this.#firstIdleCpu();
    this.#jobs.push({ cpu, anon, tables, lifeSec, ageSec: 0 });
  }

  #firstIdleCpu(): number {
    const busy = new Set(this.#jobs.map(({ cpu }) => cpu));
    for (let cpu = 0; ; cpu++) if (!busy.has(cpu)) return cpu;
  }

  #growJob({ cpu, anon, tables }: Job): void {
    runOnCpu(this.memory, cpu);
    growTo(this.memory, anon, anon.given + SLICE_PAGES);
    growTo(this.memory, tables, anon.given * TABLES_RATIO);
  }

  #growFiles(share: number): void {
    const sources = SOURCE_PAGES * Math.min(1, share / SOURCES_READ_BY);
    const files = Math.max(sources, GIB_PAGES * figureAt(this.plan.course.filesGib, share));
    growTo(this.memory, this.#sources, sources);
    growTo(this.memory, this.#objects, files - sources);
    growTo(this.memory, this.#slab, SLAB_RATIO * this.#builtPages);
  }

  #readSystem(): void {
    this.#system.given = ownerPages(this.memory, this.#system.owner);
    growTo(this.memory, this.#system, SYSTEM_PAGES);
  }

  #endJobs(isDone: (job: Job) => boolean): void {
    for (const job of this.#jobs.filter(isDone)) {
      runOnCpu(this.memory, job.cpu);
      destroyOwner(this.memory, job.anon.owner);
      destroyOwner(this.memory, job.tables.owner);
      this.#jobs.splice(this.#jobs.indexOf(job), 1);
    }
  }
}
