/**
 * The software of a machine that builds a compiler: a job for each processor, which come and go while object files and the
 * kernel's caches grow between them. It acts on a guest's memory from outside, a second at a time.
 *
 * Sizes as the reference of the workload model reads them from the published run (luhsra/hyperalloc-bench): 6.9 GiB used on
 * average, of which 0.6 are the idle system and 1.2 page cache, so 434 MiB for each of twelve jobs; a peak of 15 to 16 GiB
 * while it links; 5 to 5.5 GiB of page cache when it is done. Shapes are guesses: jobs' sizes log-normal with σ 0.7, their
 * lifetimes log-normal with a median of 8 s and σ 1.
 */
import { createOwner, destroyOwner, growOwner, ownerPages, shrinkOwner, type Memory } from '#memory-core';
import { GIB, MIB, PAGE_SIZE_BYTES, RandomStream } from '#units';

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const GIB_PAGES = GIB / PAGE_SIZE_BYTES;
/** At a job's peak: its mean over its life is three quarters of that. */
const MEDIAN_JOB_PAGES = 453 * MIB_PAGES;
const JOB_SPREAD = 0.7;
const MOST_JOB_PAGES = 2.5 * GIB_PAGES;
const MEDIAN_LIFE_SEC = 8;
const LIFE_SPREAD = 1;
/** Of the whole run: from here on it links. */
const LINK_FROM_RATIO = 0.9;
/** Link jobs take turns with memory in mind: a third of the processors. */
const LINKERS_PER_JOB = 1 / 3;
const LEAST_LINKER_PAGES = 2 * GIB_PAGES;
const MOST_LINKER_PAGES = 4 * GIB_PAGES;
const LINK_SEC = 45;
/** Page cache when the build is done: objects grow evenly, what is linked comes at the end. */
const OBJECT_PAGES = 1.2 * GIB_PAGES;
const LINKED_PAGES = 3.4 * GIB_PAGES;
/** Sources, headers and the tools themselves, read as jobs come to need them; `make clean` leaves them. */
const SOURCE_PAGES = 0.6 * GIB_PAGES;
/** Programs and libraries of the system: mapped, so that dropping caches leaves them; what reclaim took is read again. */
const SYSTEM_PAGES = 112 * MIB_PAGES;
/** Inodes and directory entries, for each page of page cache. */
const SLAB_RATIO = 0.12;
/** Pages of slab that some object in use keeps when caches are dropped (a guess). */
const STUCK_SLAB_RATIO = 0.25;
const TABLES_RATIO = 1.5 / 512;
/** Turns in a second in which everybody gets a little: how finely their pages are mixed. */
const TURNS = 20;

/** An owner, and how many pages it was given: what reclaim takes of it is not asked for again. */
interface Grown {
  readonly owner: number;
  given: number;
}

interface Job {
  readonly anon: Grown;
  readonly tables: Grown;
  readonly pages: number;
  readonly lifeSec: number;
  ageSec: number;
}

export interface BuildPlan {
  readonly lengthSec: number;
  /** Jobs at a time. */
  readonly jobs: number;
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

  constructor(
    private readonly memory: Memory,
    private readonly plan: BuildPlan,
  ) {
    this.#random = RandomStream.of(plan.seed, 'compiler run');
    this.#objects = { owner: createOwner(memory, 'FILE'), given: 0 };
    this.#sources = { owner: createOwner(memory, 'FILE'), given: 0 };
    this.#slab = { owner: createOwner(memory, 'SLAB_RECLAIMABLE'), given: 0 };
    this.#system = { owner: createOwner(memory, 'FILE'), given: 0 };
  }

  /** One second of building. */
  advance(): void {
    this.#second++;
    const isLinking = this.#second > LINK_FROM_RATIO * this.plan.lengthSec;
    while (this.#jobs.length < (isLinking ? Math.max(1, Math.floor(LINKERS_PER_JOB * this.plan.jobs)) : this.plan.jobs))
      this.#start(isLinking);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const job of this.#jobs) this.#growJob(job, turn);
      this.#growFiles(isLinking, turn);
    }
    this.#readSystem();
    for (const job of this.#jobs) job.ageSec++;
    this.#endJobs(({ ageSec, lifeSec }) => ageSec >= lifeSec);
  }

  /** Everything has been built. */
  finish(): void {
    this.#endJobs(() => true);
  }

  /** make clean: what was built is deleted; the kernel keeps what it knew of the rest. */
  clean(): void {
    shrink(this.memory, this.#objects, 0);
    shrink(this.memory, this.#slab, SLAB_RATIO * ownerPages(this.memory, this.#sources.owner));
  }

  /** echo 3 > drop_caches. */
  dropCaches(): void {
    for (const cache of [this.#sources, this.#objects]) shrink(this.memory, cache, 0);
    shrink(this.memory, this.#slab, STUCK_SLAB_RATIO * ownerPages(this.memory, this.#slab.owner));
  }

  /** Page cache of the build. */
  get cachedPages(): number {
    return ownerPages(this.memory, this.#objects.owner) + ownerPages(this.memory, this.#sources.owner);
  }

  #start(isLinking: boolean): void {
    const random = this.#random;
    const anon = { owner: createOwner(this.memory, 'ANON'), given: 0 };
    const tables = { owner: createOwner(this.memory, 'PAGE_TABLE'), given: 0 };
    const pages = isLinking
      ? LEAST_LINKER_PAGES + random.nextFloat() * (MOST_LINKER_PAGES - LEAST_LINKER_PAGES)
      : Math.min(MOST_JOB_PAGES, MEDIAN_JOB_PAGES * Math.exp(JOB_SPREAD * random.nextNormal()));
    const life = isLinking ? LINK_SEC : MEDIAN_LIFE_SEC * Math.exp(LIFE_SPREAD * random.nextNormal());
    this.#jobs.push({ anon, tables, pages: Math.floor(pages), lifeSec: Math.max(1, Math.round(life)), ageSec: 0 });
  }

  /** A job has its whole size at half of its life. */
  #growJob({ anon, tables, pages, lifeSec, ageSec }: Job, turn: number): void {
    const progress = Math.min(1, (2 * (ageSec + (turn + 1) / TURNS)) / lifeSec);
    grow(this.memory, anon, progress * pages);
    grow(this.memory, tables, progress * pages * TABLES_RATIO);
  }

  #growFiles(isLinking: boolean, turn: number): void {
    const progress = (this.#second - 1 + (turn + 1) / TURNS) / this.plan.lengthSec;
    const linked = isLinking ? (progress - LINK_FROM_RATIO) / (1 - LINK_FROM_RATIO) : 0;
    const compiled = Math.min(1, progress / LINK_FROM_RATIO);
    grow(this.memory, this.#sources, SOURCE_PAGES * compiled);
    grow(this.memory, this.#objects, OBJECT_PAGES * compiled + LINKED_PAGES * linked);
    grow(this.memory, this.#slab, SLAB_RATIO * this.cachedPages);
  }

  #readSystem(): void {
    this.#system.given = ownerPages(this.memory, this.#system.owner);
    grow(this.memory, this.#system, SYSTEM_PAGES);
  }

  #endJobs(isDone: (job: Job) => boolean): void {
    for (const job of this.#jobs.filter(isDone)) {
      destroyOwner(this.memory, job.anon.owner);
      destroyOwner(this.memory, job.tables.owner);
      this.#jobs.splice(this.#jobs.indexOf(job), 1);
    }
  }
}

function grow(memory: Memory, grown: Grown, pages: number): void {
  const missing = Math.floor(pages) - grown.given;
  if (missing <= 0) return;
  growOwner(memory, grown.owner, missing);
  grown.given += missing;
}

function shrink(memory: Memory, { owner }: Grown, pages: number): void {
  shrinkOwner(memory, owner, Math.max(0, ownerPages(memory, owner) - Math.floor(pages)), 'OLDEST');
}
