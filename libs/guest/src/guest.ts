/**
 * One simulated VM: the memory core, a virtio balloon and the software that uses the memory, run tick by tick. It is a
 * function of its options, its commands and the ticks: no clock, no chance beyond its seed.
 *
 * A tick: requests are taken at its start, then programs act, then driver and kernel live through the tick's million
 * microseconds (guest-clock.ts), then the request is judged.
 */
import {
  auditMemory,
  createMemory,
  digestMemory,
  freePagesOf,
  KernelBugError,
  memoryPressure,
  memoryVitals,
  pageMap,
  panicReason,
  procText,
  restoreMemory,
  runToEnd,
  setPageUse,
  snapshotMemory,
  SnapshotError,
  vmstat,
  type Memory,
  type PageMap,
  type PanicReason,
  type ProcFile,
} from '#memory-core';
import { PAGE_SIZE_BYTES, RandomStream, TICK_MS, TICK_US } from '#units';
import { backOffUs, DEFAULT_BALLOON_COSTS } from './balloon/balloon-costs.js';
import {
  deadlineUs,
  endOf,
  mib,
  outcomeOf,
  standingOf,
  whyEnded,
  type BalloonOutcome,
  type BalloonRequest,
  type BalloonRequestEnd,
} from './balloon/balloon-request.js';
import { parkStatistics, readStatistics, type BalloonStatistic } from './balloon/balloon-statistics.js';
import { commandHinting, countHintedPages, hintingWork } from './balloon/free-page-hinting.js';
import { setTarget } from './balloon/size-work.js';
import { attachBalloon, hasFeature, probeBalloon, type VirtioBalloon } from './balloon/virtio-balloon.js';
import { resumeClock, runClock, startClock, type GuestClock } from './guest-clock.js';
import { memoryOptions, offeredFeatures, optionsText, type GuestOptions } from './guest-options.js';
import { readBalloon, readMemory, type GuestReading, type GuestVitals, type MemoryReading } from './guest-reading.js';
import { parseGuestRecord } from './guest-record.js';
import { restoreBalloon, restorePrograms } from './guest-restore.js';
import { GuestSnapshotError } from './guest-snapshot-error.js';
import { packGuest, unpackGuest } from './guest-snapshot.js';
import { asciiJson, balloonRecord, programsRecord, type GuestRecord, type GuestRunState } from './guest-state.js';
import { endsPeriod, lastPeriodEnd, sampleIdleRatio } from './page-sampling.js';
import { StateHash } from './state-hash.js';
import type { GuestWork, WorkEnd } from './work/guest-work.js';
import { WorkQueue } from './work/work-queue.js';
import {
  isAwaitingRestart,
  nextBusyTick,
  passTicks,
  type Programs,
  runPrograms,
  startPrograms,
} from './workload/programs.js';
import { pageUse } from './workload/page-use.js';
import { slabRatio, type Software } from './workload/software.js';

/** The balloon list of a guest's only balloon in its memory. */
const BALLOON_LIST = 0;

export class Guest {
  readonly #options: GuestOptions;
  readonly #balloon: VirtioBalloon | null;
  readonly #programs: Programs;
  readonly #clock: GuestClock;
  readonly #ended: BalloonRequestEnd[] = [];
  readonly #work: WorkQueue;
  /** Ticks that it has spent paused: its own time is that much behind. */
  #pausedTicks = 0;
  #tick: number;
  #run: GuestRunState = 'RUNNING';
  #stopReason: string | null = null;
  #request: BalloonRequest | null = null;
  /** Of the last period of page sampling; nothing sampled yet counts as active. */
  #idleRatio = 0;
  /** What memory and balloon looked like when they were last read; null once they may have changed. */
  #reading: MemoryReading | null = null;

  private constructor(
    options: GuestOptions,
    readonly memory: Memory,
    tick: number,
    record: GuestRecord | null,
  ) {
    this.#options = options;
    this.#tick = tick;
    this.#work = new WorkQueue(record?.work ?? []);
    const software: Software = {
      memory,
      ramPages: options.assignedBytes / PAGE_SIZE_BYTES,
      slabPerCachePage: slabRatio(options.seed),
    };
    const driver = {
      memory,
      features: offeredFeatures(options),
      costs: options.balloonCosts ?? DEFAULT_BALLOON_COSTS,
      backOffUs: backOffUs(options.kernelProfile),
    };
    if (record === null) {
      this.#balloon = probeBalloon(driver);
      this.#programs = startPrograms(options.workload, software, RandomStream.of(options.seed, 'programs'), tick);
      this.#clock = startClock(memory, this.#balloon, tick * TICK_US);
      this.#tellPageUse();
      return;
    }
    this.#balloon = options.memoryBallooning ? attachBalloon(driver, BALLOON_LIST) : null;
    restoreBalloon(this.#balloon, record.balloon);
    this.#programs = restorePrograms(options.workload, software, record.programs);
    this.#clock = resumeClock(memory, this.#balloon, { ...record.clock });
    this.#tellPageUse();
    this.#run = record.run;
    this.#stopReason = record.stopReason;
    this.#request = record.request;
    this.#pausedTicks = record.pausedTicks;
    this.#idleRatio = record.idleRatio;
  }

  /** A guest that has just booted at the end of `tick`. Throws RangeError naming the option that cannot be. */
  static boot(options: GuestOptions, tick: number): Guest {
    return new Guest(options, createMemory(memoryOptions(options)), tick, null);
  }

  /** The guest that `snapshot` froze. Throws GuestSnapshotError for other bytes, or when `options` are not those it was booted with. */
  static restore(options: GuestOptions, snapshot: Uint8Array): Guest {
    const parts = unpackGuest(snapshot);
    if (parts.options !== optionsText(options)) {
      throw new GuestSnapshotError('it was taken of a guest with other options');
    }
    const record = parseGuestRecord(parts.state);
    try {
      return new Guest(options, restoreMemory(parts.memory), parts.tick, record);
    } catch (error) {
      throw error instanceof SnapshotError ? new GuestSnapshotError(error.message) : error;
    }
  }

  /** The last tick it has lived through. */
  get tick(): number {
    return this.#tick;
  }

  snapshot(): Uint8Array {
    const options = optionsText(this.#options);
    return packGuest({ tick: this.#tick, options, state: this.#stateText(), memory: snapshotMemory(this.memory) });
  }

  /** Digest of everything the guest is; equal for a guest and its restored snapshot. */
  digest(): string {
    const hash = new StateHash().addText(optionsText(this.#options)).addNumber(this.#tick).addText(this.#stateText());
    return `${digestMemory(this.memory)}${hash.finish()}`;
  }

  /** Asks the balloon for `targetPages` from the start of the next tick on. A request that still runs is superseded. */
  requestBalloon(id: string, targetPages: number, timeoutMs: number | null): void {
    const startedUs = this.#nowUs;
    const refusal = this.#refusal(targetPages);
    if (this.#balloon === null || refusal !== null) {
      const held = this.#balloon?.device.actualPages ?? 0;
      this.#ended.push(endOf({ id, targetPages }, this.#tick + 1, 'REFUSED', held, refusal ?? ''));
      return;
    }
    if (this.#request !== null) {
      const standing = standingOf(this.#request, this.#balloon);
      this.#endRequest('SUPERSEDED', this.#tick + 1, `${standing} when operation ${id} took over`);
    }
    this.#request = { id, targetPages, timeoutMs, startedUs };
    setTarget(this.#balloon, targetPages, startedUs);
    this.#reading = null;
  }

  /** Asks for other work, from the start of the next tick on. */
  perform(id: string, work: GuestWork, timeoutMs: number | null): void {
    if (this.#stopReason !== null) {
      this.#work.end(id, this.#tick + 1, { outcome: 'REFUSED', reason: this.#stopReason, result: null });
    } else if (work.kind === 'PAUSE' || work.kind === 'RESUME') {
      this.#switchRun(id, work.kind);
    } else {
      this.#work.add(id, work, timeoutMs, this.#nowUs);
    }
  }

  /** Calls the request or the work off, if it still runs: the balloon stays as large as it is. */
  cancelRequest(id: string): void {
    this.#work.cancel(id, this.#tick + 1);
    if (this.#balloon === null || this.#request?.id !== id) return;
    const nowUs = this.#nowUs;
    const why = whyEnded('CANCELLED', this.#request, this.#balloon, nowUs, 0);
    setTarget(this.#balloon, this.#balloon.numPages, nowUs);
    this.#endRequest('CANCELLED', this.#tick + 1, why);
  }

  /** Runs one tick; returns the requests that ended in it, those of the commands given before it included. */
  advance(): readonly BalloonRequestEnd[] {
    this.#tick++;
    if (this.#run === 'PAUSED') this.#pausedTicks++;
    if (this.#run === 'RUNNING') {
      try {
        this.#clock.nowUs = this.#nowUs - TICK_US;
        if (this.#work.attempt(this.memory, this.#clock.nowUs, this.#tick)) this.#reading = null;
        if (runPrograms(this.#programs, this.#tick - this.#pausedTicks)) this.#reading = null;
        this.#live();
        if (endsPeriod(this.#ageTicks)) this.#idleRatio = this.#sampleIdleRatio();
        this.#checkPanic();
        this.#auditSometimes();
      } catch (error) {
        this.#stopAfter(error);
      }
    }
    return this.#ended.length === 0 ? NOTHING_ENDED : this.#ended.splice(0);
  }

  /**
   * Runs every tick up to and including `tick`, as that many calls of advance, and at a fraction of their cost while neither the
   * guest's programs nor a request are busy. Returns the requests that ended.
   */
  advanceTo(tick: number): readonly BalloonRequestEnd[] {
    let ended = NOTHING_ENDED;
    while (this.#tick < tick) {
      const untilTick = Math.min(tick, this.#lastQuietTick());
      if (untilTick > this.#tick + 1) {
        this.#pass(untilTick);
        continue;
      }
      const now = this.advance();
      if (now.length > 0) ended = ended.length === 0 ? now : [...ended, ...now];
    }
    return ended;
  }

  /** Work besides the balloon's that ended in the last tick, or by commands given since; each end is told once. */
  takeWorkEnds(): readonly WorkEnd[] {
    return this.#work.takeEnds();
  }

  /** RUNNING, or why its time stands. */
  get run(): GuestRunState {
    return this.#run;
  }

  /** Balloon pages that it has given to the host. */
  get balloonPages(): number {
    return this.#balloon?.device.actualPages ?? 0;
  }

  /** Memory that programs asked for in the last tick and did not get. */
  get unmetPages(): number {
    return this.#programs.state.unmet;
  }

  /** Anonymous pages that programs want, and of these what is not there yet: not asked for so far, or asked for in vain. */
  get demand(): { readonly wantedPages: number; readonly pendingPages: number } {
    return { wantedPages: this.#programs.state.goal, pendingPages: this.#programs.state.pending };
  }

  /** Programs that the OOM killer has killed wait to be started again. */
  get isAwaitingRestart(): boolean {
    return isAwaitingRestart(this.#programs, this.#tick - this.#pausedTicks);
  }

  /** The few figures that hosts watch: microseconds. */
  vitals(): GuestVitals {
    return {
      ...memoryVitals(this.memory),
      run: this.#run,
      pressure: memoryPressure(this.memory),
      idleRatio: this.#idleRatioNow(),
    };
  }

  /** What is known of the guest now. Cheap while neither memory nor balloon changes. */
  read(): GuestReading {
    this.#reading ??= readMemory(this.memory, this.#balloon);
    const state = new StateHash().addText(this.#reading.digest).addText(this.#stateText());
    return {
      ...this.#reading,
      tick: this.#tick,
      run: this.#run,
      stateReason: this.#stopReason,
      balloon: readBalloon(this.#stopReason === null ? this.#balloon : null, this.#balloon, this.#nowUs),
      pressure: memoryPressure(this.memory),
      unmetPages: this.#programs.state.unmet,
      idleRatio: this.#idleRatioNow(),
      stateDigest: state.finish(),
    };
  }

  /** A file of /proc, as Linux prints it. */
  procText(file: ProcFile): string {
    return procText(this.memory, file);
  }

  /** Counters of /proc/vmstat, in Linux's order. */
  vmstat(): readonly (readonly [string, number])[] {
    return vmstat(this.memory);
  }

  /** What the guest's pages are, in at most `columns` cells. */
  pageMap(columns: number): PageMap {
    return pageMap(this.memory, columns);
  }

  /** Free page hinting: runs what the host's command asks for, to its end. Returns the pages that are hinted now. */
  hintFreePages(command: number): number {
    if (this.#balloon === null || !hasFeature(this.#balloon, 'FREE_PAGE_HINT')) return 0;
    commandHinting(this.#balloon, command);
    runToEnd(this.memory, hintingWork(this.#balloon));
    this.#reading = null;
    return countHintedPages(this.#balloon);
  }

  /** What the balloon's statistics queue says now, in Linux's order; null without a balloon. */
  balloonStatistics(): readonly BalloonStatistic[] | null {
    if (this.#balloon === null) return null;
    parkStatistics(this.#balloon);
    const buffer = this.#balloon.device.statistics;
    return buffer === null ? null : readStatistics(buffer);
  }

  /** The guest's own time, which stands while it is paused. */
  get #nowUs(): number {
    return (this.#tick - this.#pausedTicks) * TICK_US;
  }

  /** Ticks since it booted, as far as it was not paused. */
  get #ageTicks(): number {
    return this.#tick - this.#pausedTicks - this.#programs.bootTick;
  }

  /** The last tick of those to come in which only the kernel may have something to do; the tick it is at when there is none. */
  #lastQuietTick(): number {
    if (this.#ended.length > 0) return this.#tick;
    if (this.#run !== 'RUNNING') return Infinity;
    if (this.#request !== null || this.#work.pending.length > 0) return this.#tick;
    const every = this.#options.auditEveryTicks ?? 0;
    const auditTick = every === 0 ? Infinity : (Math.floor(this.#tick / every) + 1) * every;
    const busyTick = nextBusyTick(this.#programs, this.#tick - this.#pausedTicks) + this.#pausedTicks;
    return Math.min(auditTick, busyTick) - 1;
  }

  /** Lets ticks go by in which only the kernel may have something to do, up to and including `untilTick`. */
  #pass(untilTick: number): void {
    const ticks = untilTick - this.#tick;
    if (this.#run !== 'RUNNING') {
      this.#tick = untilTick;
      if (this.#run === 'PAUSED') this.#pausedTicks += ticks;
      return;
    }
    const fromTick = this.#tick;
    try {
      this.#passTime(lastPeriodEnd(this.#ageTicks + ticks) - this.#ageTicks);
      if (endsPeriod(this.#ageTicks)) this.#idleRatio = this.#sampleIdleRatio();
      this.#passTime(untilTick - this.#tick);
    } catch (error) {
      this.#tick = this.#pausedTicks + Math.ceil(this.#clock.nowUs / TICK_US);
      this.#stopAfter(error);
    }
    passTicks(this.#programs, this.#tick - fromTick);
    this.#tick = untilTick;
  }

  #passTime(ticks: number): void {
    if (ticks <= 0) return;
    const fromUs = this.#nowUs;
    this.#tick += ticks;
    if (runClock(this.#clock, fromUs, this.#nowUs)) this.#reading = null;
  }

  /** A period that is not over yet counts when it shows more activity. */
  #idleRatioNow(): number {
    return Math.min(this.#idleRatio, this.#sampleIdleRatio());
  }

  #sampleIdleRatio(): number {
    return sampleIdleRatio(this.memory, this.#options.workload, this.#options.seed, this.#ageTicks);
  }

  /** Reclaim asks which pages the programs use. */
  #tellPageUse(): void {
    const { workload, bootTick } = this.#programs;
    setPageUse(this.memory, pageUse(workload, this.#clock, bootTick * TICK_MS));
  }

  #switchRun(id: string, kind: 'PAUSE' | 'RESUME'): void {
    const wanted = kind === 'PAUSE' ? 'PAUSED' : 'RUNNING';
    const name = wanted.toLowerCase();
    const fromTick = this.#tick + 1;
    const reason =
      this.#run === wanted ? `the guest was ${name} already` : `the guest is ${name} from tick ${fromTick} on`;
    this.#run = wanted;
    this.#work.end(id, fromTick, { outcome: 'DONE', reason, result: null });
  }

  /** Recounts the guest's memory the slow way: wrong books stop it, as a bug that its kernel finds itself does. */
  #auditSometimes(): void {
    const every = this.#options.auditEveryTicks ?? 0;
    if (every === 0 || this.#tick % every !== 0) return;
    const [finding] = auditMemory(this.memory);
    if (finding !== undefined) this.#stop('KERNEL_BUG', `kernel BUG: its books do not add up: ${finding}`);
  }

  #refusal(targetPages: number): string | null {
    if (this.#stopReason !== null) return this.#stopReason;
    if (this.#balloon === null) return 'the guest was built without MEMORY_BALLOONING: it has no balloon';
    const ramPages = this.#options.assignedBytes / PAGE_SIZE_BYTES;
    return targetPages <= ramPages
      ? null
      : `a balloon of ${mib(targetPages)} does not fit into ${mib(ramPages)} of RAM`;
  }

  /** Lets the tick's second pass, and judges the request at its deadline and at the end. */
  #live(): void {
    const endUs = this.#nowUs;
    const deadline = this.#request === null ? Infinity : deadlineUs(this.#request);
    let nowUs = endUs - TICK_US;
    if (deadline >= nowUs && deadline < endUs) {
      this.#liveUntil(nowUs, deadline);
      nowUs = deadline;
    }
    this.#liveUntil(nowUs, endUs);
  }

  #liveUntil(fromUs: number, untilUs: number): void {
    if (runClock(this.#clock, fromUs, untilUs)) this.#reading = null;
    if (this.#request === null || this.#balloon === null) return;
    const outcome = outcomeOf(this.#request, this.#balloon, untilUs);
    if (outcome === null) return;
    const why = whyEnded(outcome, this.#request, this.#balloon, untilUs, freePagesOf(this.memory));
    this.#endRequest(outcome, this.#tick, why);
  }

  #endRequest(outcome: BalloonOutcome, tick: number, why: string): void {
    if (this.#request === null) return;
    this.#ended.push(endOf(this.#request, tick, outcome, this.#balloon?.device.actualPages ?? 0, why));
    this.#request = null;
    this.#reading = null;
  }

  /** Out of memory, with nobody left to kill. */
  #checkPanic(): void {
    const reason = panicReason(this.memory);
    if (reason !== null) this.#stop('OOM_KILLED', PANICS[reason]);
  }

  #stopAfter(error: unknown): void {
    if (!(error instanceof KernelBugError)) throw error;
    this.#stop('KERNEL_BUG', `kernel BUG: ${error.message}`);
  }

  #stop(run: 'KERNEL_BUG' | 'OOM_KILLED', reason: string): void {
    this.#run = run;
    this.#stopReason = reason;
    this.#reading = null;
    this.#endRequest('REFUSED', this.#tick, this.#stopReason);
    this.#work.refuseAll(this.#tick, this.#stopReason);
  }

  #stateText(): string {
    const record: GuestRecord = {
      run: this.#run,
      stopReason: this.#stopReason,
      request: this.#request,
      work: this.#work.pending,
      pausedTicks: this.#pausedTicks,
      idleRatio: this.#idleRatio,
      balloon: this.#balloon === null ? null : balloonRecord(this.#balloon),
      programs: programsRecord(this.#programs),
      clock: this.#clock.state,
    };
    return asciiJson(record);
  }
}

/** The kernel's last words. */
const PANICS: Readonly<Record<PanicReason, string>> = {
  PANIC_ON_OOM: 'kernel panic: out of memory, and panic_on_oom is set',
  NO_KILLABLE_PROCESS: 'kernel panic: system is deadlocked on memory: no process is left that may be killed',
};

const NOTHING_ENDED: readonly BalloonRequestEnd[] = [];
