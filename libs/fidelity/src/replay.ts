/**
 * Does to a simulated guest what was done to the recorded one, step by step, from the boot state on; nothing is brought back
 * into step with the recording on the way. Time is the recorded guest's uptime.
 */
import {
  Gfp,
  allocatePages,
  compactMemory,
  createHugePool,
  createOwner,
  freePages,
  growOwner,
  offlineMemoryBlock,
  onlineMemoryBlock,
  refreshVmstat,
  resizeHugePool,
  runToEnd,
  type CompactionEvent,
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
import { observe, type Observation } from './observe.js';
import type { RecordedStep, Recording } from './recording.js';
import { writeFile } from './sysctl-writes.js';
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
}

export interface Replay {
  readonly boot: Observation;
  readonly steps: readonly ReplayedStep[];
}

const US_PER_SEC = 1e6;
const LONG_COMMAND_MS = 500;
const MEMORY_BLOCK_PAGES = 32_768;
/** The kernel's trace buffers, taken when tracing is switched on. */
const TRACE_BUFFER_PAGES = 784;
/** About what a fruitless look for pages to move takes. */
const PASS_MS = 100;
/** A balloon that was reached gets at least this long: speeds are indicative. */
const PATIENCE_US = 20e6;
/** Reading the trace of a compaction takes one buffer of this order: four pages before 6.7, eight from then on. */
const TRACE_READ_ORDER = { before6_7: 2, from6_7: 3 } as const;

export function replay(recording: Recording, onStep?: (step: ReplayedStep) => void): Replay {
  const guest = new ReplayedGuest(recording);
  const boot = guest.observe();
  const steps = recording.steps.map((step, index) => {
    const replayed = guest.step(step, index);
    onStep?.(replayed);
    return replayed;
  });
  return { boot, steps };
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
    this.#workers = new Workers(memory, this.#disks);
    this.#maps = mapSnapshots(recording);
  }

  observe(): Observation {
    return observe(this.#state, this.#balloon);
  }

  step(step: RecordedStep, index: number): ReplayedStep {
    this.#devicePfns = [];
    const compaction: CompactionEvent[] = [];
    if (index === 0 && this.recording.steps.some(({ ktrace }) => ktrace !== undefined)) {
      growOwner(this.#state.memory, createOwner(this.#state.memory, 'KERNEL'), TRACE_BUFFER_PAGES);
    }
    if (this.#maps.before.has(index)) refreshVmstat(this.#state.memory);
    const isDone = this.#act(step, compaction);
    const endUs = step.after == null ? this.#nowUs + step.wall_ms * 1000 : timeOf(step.after.uptime_s);
    this.#pass(Math.max(this.#nowUs, endUs));
    // Every snapshot of the recorder writes stat_refresh.
    refreshVmstat(this.#state.memory);
    const { op, args } = step;
    const observed = this.observe();
    if (this.#maps.after.has(index)) refreshVmstat(this.#state.memory);
    return { index, op, args, isDone, observed, compaction, devicePfns: this.#devicePfns };
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
        this.#workers.kill(Number(args['worker']));
        return true;
      case 'worker':
        return this.#command(step);
      case 'agent':
        return this.#agent(textOf(args['cmd']));
      case 'write':
        if (textOf(args['path']).endsWith('drop_caches')) this.#disks.drop();
        return (
          textOf(args['path']).endsWith('drop_caches') || writeFile(memory, textOf(args['path']), textOf(args['value']))
        );
      case 'nr_hugepages':
        if (this.#hugePool < 0) this.#hugePool = createHugePool(memory);
        resizeHugePool(memory, this.#hugePool, Number(args['value']));
        return true;
      case 'memblock':
        this.#memoryBlock(Number(args['block']), textOf(args['state']), Number(args['limit_ms']));
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
    return this.#workers.command(Number(args['worker']), textOf(args['cmd']), (ratio) => {
      if (wallMs >= LONG_COMMAND_MS) this.#pass(startUs + Math.floor(ratio * wallMs * 1000));
    });
  }

  #agent(command: string): boolean {
    const [name = '', device = '', mib = '0'] = command.split(' ');
    if (name === 'blk') this.#disks.readAll(device, Number(mib));
    return ['hold', 'blk', 'swapon'].includes(name);
  }

  /** The recorder sends a signal when it has waited long enough. */
  #memoryBlock(block: number, state: string, limitMs: number): void {
    const { memory } = this.#state;
    const passes = Math.max(1, Math.round(limitMs / PASS_MS));
    if (state === 'offline')
      runToEnd(
        memory,
        offlineMemoryBlock(memory, block, (done) => done > passes),
      );
    else onlineMemoryBlock(memory, block);
  }

  /** The host gives some memory back while the guest is at it. */
  #rescuedMemoryBlock(block: number, tag: string, wallMs: number): boolean {
    const [, blocks, afterSec] = /deflates ([\d.]+) blocks (\d+) s/.exec(tag) ?? [];
    if (blocks === undefined || afterSec === undefined) return false;
    const { memory } = this.#state;
    const startUs = this.#nowUs;
    const passes = Math.round((Number(afterSec) * 1000) / PASS_MS);
    const isInterrupted = (done: number): boolean => {
      if (done !== passes) return done > passes * 2;
      this.#pass(startUs + Number(afterSec) * US_PER_SEC);
      setTarget(this.#balloon, this.#balloon.numPages - Number(blocks) * MEMORY_BLOCK_PAGES, this.#nowUs);
      this.#pass(Math.max(this.#nowUs, startUs + wallMs * 1000));
      return false;
    };
    runToEnd(memory, offlineMemoryBlock(memory, block, isInterrupted));
    return true;
  }

  #inflateTo(step: RecordedStep): void {
    const { ram_mib: ramMib } = this.recording;
    const pages = (ramMib * 2 ** 20 - (step.target ?? 0)) / PAGE_SIZE_BYTES;
    setTarget(this.#balloon, pages, this.#nowUs);
    if (step.reached_ms == null) return;
    const lastUs = this.#nowUs + PATIENCE_US;
    for (let nextUs = nextStepUs(this.#balloon); nextUs <= lastUs && this.#balloon.phase !== 'IDLE';) {
      this.#pass(Math.max(nextUs, this.#nowUs));
      nextUs = nextStepUs(this.#balloon);
    }
  }

  #pass(untilUs: number): void {
    runClock(this.#clock, this.#nowUs, untilUs);
    this.#nowUs = untilUs;
  }

  #readTrace(): void {
    const { memory } = this.#state;
    const order = memory.rules.tunesPcp ? TRACE_READ_ORDER.from6_7 : TRACE_READ_ORDER.before6_7;
    const pfn = allocatePages(memory, order, Gfp.KERNEL);
    if (pfn >= 0) freePages(memory, pfn, order);
  }
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
