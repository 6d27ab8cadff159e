/**
 * Does to a simulated guest what was done to the recorded one, step by step, from the boot state on; nothing is brought back
 * into step with the recording on the way. Time is the recorded guest's uptime.
 */
import {
  EINVAL,
  Gfp,
  allocatePages,
  compactMemory,
  createHugePool,
  createOwner,
  freePages,
  growOwner,
  isolatedPages,
  offlineMemoryBlock,
  onlineMemoryBlock,
  readUsage,
  refreshVmstat,
  resizeHugePool,
  runOnCpu,
  runToEnd,
  type CompactionEvent,
  type OnlineKind,
  type Task,
} from '#memory-core';
import {
  BalloonFeature,
  DEFAULT_BALLOON_COSTS,
  backOffUs,
  nextStepUs,
  probeBalloon,
  runClock,
  setTarget,
  startClock,
  type GuestClock,
  type VirtioBalloon,
} from '#guest';
import { PAGE_SIZE_BYTES, invariant } from '#units';
import { Disks } from './disks.js';
import { initialState, profileOf, type InitialState } from './initial-state.js';
import { mapSnapshots, type MapSnapshots } from './map-snapshots.js';
import { observe, observeSettings, type Observation, type ObservedSettings } from './observe.js';
import { balloonCosts, majorFaultUs } from './pace.js';
import { endProcess, startProcess } from './processes.js';
import type { RecordedStep, Recording } from './recording.js';
import { writeFile } from './sysctl-writes.js';
import type { Work } from './work.js';
import { Workers } from './workers.js';

export interface ReplayedStep {
  readonly index: number;
  readonly op: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** False: the replay does not know the step, and went on without it. */
  readonly isDone: boolean;
  readonly observed: Observation;
  /** Events of a compaction. */
  readonly compaction: readonly CompactionEvent[];
  /** Frames in the order the device saw them. */
  readonly devicePfns: readonly number[];
  readonly answer: StepAnswer;
}

/** What the guest answered, where the step asks for something. */
export interface StepAnswer {
  /** Of a memory block: 0 or −errno. */
  readonly errno?: number;
  /** In the pool after the request. */
  readonly hugePages?: number;
  /** The worker was killed for memory while it did this. */
  readonly wasKilled?: boolean;
}

export interface Replay {
  readonly boot: Observation;
  readonly settings: ObservedSettings;
  readonly steps: readonly ReplayedStep[];
}

/** Movable pages of the program that writes a memory block's state (pgalloc_movable of the recordings). */
const WRITER_PAGES = 4;
const US_PER_SEC = 1e6;
const LONG_COMMAND_MS = 500;
const MEMORY_BLOCK_PAGES = 32_768;
/** The kernel's trace buffers, taken when tracing is switched on. */
const TRACE_BUFFER_PAGES = 784;
/** What the kernel takes for itself between two steps. */
const KERNEL_PAGES = 2;
/** About what a fruitless look for pages to move takes. */
const PASS_MS = 100;
/** A balloon that was reached gets at least this long: speeds are indicative. */
const PATIENCE_US = 20e6;
/** Reading the trace of a compaction takes one buffer of this order: four pages before 6.7, eight from then on. */
const TRACE_READ_ORDER = { before6_7: 2, from6_7: 3 } as const;

/** Recorded guests have one CPU: while the balloon is at work, what runs beside it has half of its time. */
const SHARE_BESIDE_BALLOON = 0.5;

/** Writing the size of the pool takes 64 pages, whatever the size. */
const POOL_WRITE_ORDER = 6;

export interface ReplayOptions {
  /** Pages that a program holds from boot on, more than were recorded: shifts what is allocated after them. Default 0. */
  readonly offsetPages?: number;
}

export function replay(recording: Recording, { offsetPages = 0 }: ReplayOptions = {}): Replay {
  const guest = new ReplayedGuest(recording);
  const [boot, settings] = [guest.observe(), guest.settings()];
  guest.hold(offsetPages);
  return { boot, settings, steps: recording.steps.map((step, index) => guest.step(step, index)) };
}

class ReplayedGuest {
  readonly #state: InitialState;
  readonly #balloon: VirtioBalloon;
  readonly #clock: GuestClock;
  readonly #disks: Disks;
  readonly #workers: Workers;
  #hugePool = -1;
  readonly #maps: MapSnapshots;
  #nowUs: number;
  #devicePfns: number[] = [];
  #answer: StepAnswer = {};
  /** Work that runs beside what the steps do, by worker. */
  readonly #besides = new Map<number, { readonly work: Work; dueUs: number }>();
  /** The CPU that serves the balloon's configuration interrupt. */
  #driverCpu = 0;
  #nextDriverCpu: number | null = null;

  constructor(private readonly recording: Recording) {
    this.#state = initialState(recording, swapPagesOf(recording));
    const { memory } = this.#state;
    const balloon = probeBalloon({
      memory,
      features: featuresOf(recording),
      costs: DEFAULT_BALLOON_COSTS,
      backOffUs: backOffUs(profileOf(recording)),
    });
    invariant(balloon !== null, 'a recorded guest has a balloon');
    this.#balloon = balloon;
    balloon.device.observer = (event) => {
      if (event.kind === 'INFLATE' || event.kind === 'DEFLATE') this.#devicePfns.push(...event.pfns);
    };
    this.#nowUs = timeOf(recording.boot.snapshot.uptime_s);
    this.#clock = startClock(memory, balloon, this.#nowUs);
    this.#disks = new Disks(memory);
    this.#workers = new Workers(memory, this.#disks, majorFaultUs(recording));
    this.#maps = mapSnapshots(recording);
  }

  observe(): Observation {
    return observe(this.#state, this.#balloon);
  }

  settings(): ObservedSettings {
    return observeSettings(this.#state);
  }

  hold(pages: number): void {
    if (pages > 0) growOwner(this.#state.memory, createOwner(this.#state.memory, 'ANON'), pages);
  }

  step(step: RecordedStep, index: number): ReplayedStep {
    this.#devicePfns = [];
    this.#answer = {};
    const compaction: CompactionEvent[] = [];
    if (index === 0 && this.recording.steps.some(({ ktrace }) => ktrace !== undefined)) {
      growOwner(this.#state.memory, createOwner(this.#state.memory, 'KERNEL'), TRACE_BUFFER_PAGES);
    }
    const isTraced = step.ktrace !== undefined;
    if (this.#maps.before.has(index) || isTraced) refreshVmstat(this.#state.memory);
    const isDone = this.#act(step, compaction);
    if (isTraced) this.#readTrace();
    const endUs = step.after == null ? this.#nowUs + step.wall_ms * 1000 : timeOf(step.after.uptime_s);
    this.#pass(Math.max(this.#nowUs, endUs));
    // Every snapshot of the recorder writes stat_refresh.
    refreshVmstat(this.#state.memory);
    const { op, args } = step;
    const observed = this.observe();
    if (this.#maps.after.has(index)) refreshVmstat(this.#state.memory);
    return { index, op, args, isDone, observed, compaction, devicePfns: this.#devicePfns, answer: this.#answer };
  }

  #act(step: RecordedStep, compaction: CompactionEvent[]): boolean {
    const { memory } = this.#state;
    const { args } = step;
    switch (step.op) {
      case 'wait':
      case 'series':
        return true;
      case 'balloon':
      case 'balloon_pages':
        this.#inflateTo(step);
        return true;
      case 'compact_memory':
        runToEnd(memory, compactMemory(memory, { trace: (event) => compaction.push(event) }));
        this.#readTrace();
        return true;
      case 'spawn':
        this.#workers.spawn(Number(args['worker']));
        return true;
      case 'kill':
        this.#besides.delete(Number(args['worker']));
        this.#workers.kill(Number(args['worker']));
        return true;
      case 'worker':
        return this.#command(step);
      case 'worker_start':
        return this.#start(Number(args['worker']), textOf(args['cmd']));
      case 'worker_join':
        return this.#join(Number(args['worker']), step);
      case 'agent':
        return this.#agent(textOf(args['cmd']));
      case 'write':
        return this.#write(textOf(args['path']), textOf(args['value']));
      case 'nr_hugepages':
        if (this.#hugePool < 0) this.#hugePool = createHugePool(memory);
        this.#borrow(POOL_WRITE_ORDER);
        this.#answer = { hugePages: resizeHugePool(memory, this.#hugePool, Number(args['value'])) };
        return true;
      case 'memblock':
        this.#byWriter(() => {
          this.#memoryBlock(Number(args['block']), textOf(args['state']), Number(args['limit_ms']));
        });
        return true;
      case 'memblock_rescued':
        return this.#rescuedMemoryBlock(Number(args['block']), textOf(args['tag']), step.wall_ms);
      default:
        return false;
    }
  }

  /** Time passes while a worker is at it, as far as it was long enough to matter. */
  #command({ args, wall_ms: wallMs }: RecordedStep): boolean {
    const startUs = this.#nowUs;
    const worker = Number(args['worker']);
    const wasAlive = this.#workers.isAlive(worker);
    const isDone = this.#workers.command(worker, textOf(args['cmd']), (ratio) => {
      if (wallMs < LONG_COMMAND_MS) return;
      this.#pass(startUs + Math.floor(ratio * wallMs * 1000));
      this.#workers.run(worker);
    });
    if (wasAlive) this.#answer = { wasKilled: !this.#workers.isAlive(worker) };
    runOnCpu(this.#state.memory, this.#driverCpu);
    return isDone;
  }

  #start(worker: number, command: string): boolean {
    const work = this.#workers.beside(worker, command);
    if (work === null) return false;
    this.#besides.set(worker, { work, dueUs: this.#nowUs });
    return true;
  }

  /** The work has until the step ends; what is left then is done at once. */
  #join(worker: number, { after, wall_ms: wallMs }: RecordedStep): boolean {
    const beside = this.#besides.get(worker);
    if (beside === undefined) return false;
    this.#pass(after == null ? this.#nowUs + wallMs * 1000 : Math.max(this.#nowUs, timeOf(after.uptime_s)));
    if (!beside.work.isEndless) while (beside.work.go() > 0);
    this.#besides.delete(worker);
    return true;
  }

  #agent(command: string): boolean {
    const [name = '', device = '', mib = '0'] = command.split(' ');
    if (name === 'blk') this.#disks.readAll(device, Number(mib));
    // What little is in swap when it is switched off belongs to no worker.
    return ['hold', 'blk', 'swapon', 'swapoff'].includes(name);
  }

  #write(path: string, value: string): boolean {
    if (path.endsWith('drop_caches')) {
      this.#disks.drop();
      return true;
    }
    if (path.endsWith('smp_affinity')) {
      // A mask. The next interrupt still arrives where it used to, and moves from there.
      this.#nextDriverCpu = Math.log2(parseInt(value, 16));
      return true;
    }
    return writeFile(this.#state.memory, path, value);
  }

  /**
   * What writes the state of a memory block is a program with pages of its own. It has them before the zone's per-CPU lists are
   * given up and ends when there are lists again: recorded lists hold just these pages afterwards.
   */
  #byWriter(write: () => void): void {
    const { memory } = this.#state;
    const writer = startProcess(memory, WRITER_PAGES);
    write();
    endProcess(memory, writer);
  }

  /** The recorder sends a signal when it has waited long enough. */
  #memoryBlock(block: number, state: string, limitMs: number): void {
    const { memory } = this.#state;
    const passes = Math.max(1, Math.round(limitMs / PASS_MS));
    if (state === 'offline') {
      const errno = runToEnd(
        memory,
        offlineMemoryBlock(memory, block, (done) => done > passes),
      );
      this.#answer = { errno };
      return;
    }
    if (!isOnlineKind(state)) {
      this.#answer = { errno: -EINVAL };
      return;
    }
    const zones = readUsage(memory).zones.length;
    this.#answer = { errno: onlineMemoryBlock(memory, block, state) };
    // The kernel's own next pages come from the highest zone it may use: a new Normal zone has no free block from then on.
    if (readUsage(memory).zones.length > zones) growOwner(memory, createOwner(memory, 'KERNEL'), KERNEL_PAGES);
  }

  /** The host gives some memory back while the guest is at it. */
  #rescuedMemoryBlock(block: number, tag: string, wallMs: number): boolean {
    const [, blocks, afterSec] = /deflates ([\d.]+) blocks (\d+) s/.exec(tag) ?? [];
    if (blocks === undefined || afterSec === undefined) return false;
    const { memory } = this.#state;
    const startUs = this.#nowUs;
    const passes = Math.round((Number(afterSec) * 1000) / PASS_MS);
    let looks = 0;
    let isRescued = false;
    const offline = offlineMemoryBlock(memory, block, (done) => {
      looks = done;
      return done > passes * 2;
    });
    // Nearly all of a fruitless round passes with the block's pages isolated: what the host takes then are other pages.
    const rescue = (): void => {
      if (isRescued || looks < passes || isolatedPages(memory, this.#balloon.list) === 0) return;
      isRescued = true;
      this.#pass(startUs + Number(afterSec) * US_PER_SEC);
      setTarget(this.#balloon, this.#balloon.numPages - Number(blocks) * MEMORY_BLOCK_PAGES, this.#nowUs);
      this.#pass(Math.max(this.#nowUs, startUs + wallMs * 1000));
    };
    this.#byWriter(() => {
      this.#answer = { errno: runToEnd(memory, beside(offline, rescue)) };
    });
    return true;
  }

  #inflateTo(step: RecordedStep): void {
    const { ram_mib: ramMib } = this.recording;
    const pages = (ramMib * 2 ** 20 - (step.target ?? 0)) / PAGE_SIZE_BYTES;
    const distance = Math.abs(pages - this.#balloon.numPages);
    this.#balloon.costs = this.#besides.size > 0 ? balloonCosts(step, distance) : DEFAULT_BALLOON_COSTS;
    setTarget(this.#balloon, pages, this.#nowUs);
    if (step.reached_ms != null) this.#waitForBalloon();
    if (this.#nextDriverCpu !== null) this.#driverCpu = this.#nextDriverCpu;
    this.#nextDriverCpu = null;
    runOnCpu(this.#state.memory, this.#driverCpu);
  }

  #waitForBalloon(): void {
    const lastUs = this.#nowUs + PATIENCE_US;
    for (let nextUs = nextStepUs(this.#balloon); nextUs <= lastUs && this.#balloon.phase !== 'IDLE';) {
      this.#pass(Math.max(nextUs, this.#nowUs));
      nextUs = nextStepUs(this.#balloon);
    }
  }

  /** Lets time pass, and with it what runs beside. */
  #pass(untilUs: number): void {
    for (;;) {
      const [next] = [...this.#besides].toSorted(([, a], [, b]) => a.dueUs - b.dueUs);
      if (next === undefined || next[1].dueUs >= untilUs) break;
      const [worker, beside] = next;
      this.#runUntil(Math.max(this.#nowUs, beside.dueUs));
      this.#workers.run(worker);
      const tookUs = beside.work.go();
      // Nothing left to do: it is due again when somebody joins it.
      const share = this.#balloon.phase === 'IDLE' ? 1 : SHARE_BESIDE_BALLOON;
      beside.dueUs = tookUs === 0 ? Infinity : this.#nowUs + tookUs / share;
    }
    this.#runUntil(untilUs);
  }

  #runUntil(untilUs: number): void {
    runOnCpu(this.#state.memory, this.#driverCpu);
    runClock(this.#clock, this.#nowUs, untilUs);
    this.#nowUs = untilUs;
  }

  #readTrace(): void {
    const { memory } = this.#state;
    this.#borrow(memory.rules.tunesPcp ? TRACE_READ_ORDER.from6_7 : TRACE_READ_ORDER.before6_7);
  }

  /** A buffer for a moment. */
  #borrow(order: number): void {
    const { memory } = this.#state;
    const pfn = allocatePages(memory, order, Gfp.KERNEL);
    if (pfn >= 0) freePages(memory, pfn, order);
  }
}

function isOnlineKind(state: string): state is OnlineKind {
  return ['online', 'online_kernel', 'online_movable'].includes(state);
}

function timeOf(uptimeSec: number): number {
  return Math.round(uptimeSec * US_PER_SEC);
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The swap device that is switched on in the course of the recording. */
function swapPagesOf({ steps }: Recording): number {
  const KB_PER_PAGE = 4;
  return steps.reduce((most, { after }) => Math.max(most, (after?.meminfo['SwapTotal'] ?? 0) / KB_PER_PAGE), 0);
}

/** The negotiated bits, as sysfs shows them: one character for each bit, from 0. */
function featuresOf({ boot: { info } }: Recording): number {
  const text = info['virtio0_features'] ?? '';
  return Object.values(BalloonFeature).reduce((bits, bit) => (text[Math.log2(bit)] === '1' ? bits | bit : bits), 0);
}

/** The task, with something else done wherever it may sleep. */
function* beside<Result>(task: Task<Result>, work: () => void): Task<Result> {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
    work();
    yield step.value;
  }
}
