/**
 * The guest's own driver on the explorer's stage: a tiny memory, a host that keeps a ledger of the frames it was given, and
 * tasks beside the driver's. A frame that the driver asks back is the host's until the task that asked goes on.
 */
import { balloonPages, isolatedPages } from '#memory-core';
import type { Memory, Task } from '#memory-core';
import type { Actor, Play, Scenario } from '../../../memory-core/test/explorer/stage.js';
import { copyMemory, listedPages, tinyMemory } from '../../../memory-core/test/explorer/tiny.js';
import type { TinyOptions } from '../../../memory-core/test/explorer/tiny.js';
import { HostLedger, strays } from '../../../memory-core/test/explorer/small-driver.js';
import { BalloonFeature } from '../../src/balloon/balloon-features.js';
import { runDriver, setTarget } from '../../src/balloon/size-work.js';
import { heldFrames, probeBalloon, type VirtioBalloon } from '../../src/balloon/virtio-balloon.js';

/** A balloon before anything happens. */
export interface Set {
  readonly memory: Memory;
  readonly driver: VirtioBalloon;
  /** Pages of the balloon, head first. */
  readonly listed: readonly number[];
}

export interface Cast {
  readonly actors: readonly Actor[];
  readonly outcome?: () => string;
  /** Balloon pages at the end; without it any number that everybody agrees on. */
  readonly endPages?: number;
}

export interface CaseOptions extends TinyOptions {
  /** Pages in the balloon at the beginning; default 3. */
  readonly ballooned?: number;
  readonly deflateOnOom?: boolean;
}

export function driverCase(name: string, options: CaseOptions, cast: (set: Set) => Cast): Scenario {
  const { ballooned = 3, deflateOnOom = false, ...tiny } = options;
  const origin = tinyMemory(tiny);
  return {
    name,
    start(): Play {
      const memory = copyMemory(origin);
      const driver = probe(memory, deflateOnOom);
      const host = new Host(driver);
      setTarget(driver, ballooned, 0);
      runDriver(driver, 1e9);
      host.acknowledge('');
      const { actors, outcome, endPages } = cast({ memory, driver, listed: listedPages(memory, driver.list) });
      const play: Play = {
        memory,
        actors: actors.map((actor) => host.listenTo(actor)),
        shared: () => `${driverState(driver)} ${host.state()}`,
        check: () => [...host.ledger.complaints(memory), ...countProblems(driver)],
        settled: () => [...settledProblems(driver, host.ledger, endPages), ...strays(memory)],
      };
      return outcome === undefined ? play : { ...play, outcome };
    },
  };
}

function probe(memory: Memory, deflateOnOom: boolean): VirtioBalloon {
  const driver = probeBalloon({
    memory,
    features: deflateOnOom ? BalloonFeature.DEFLATE_ON_OOM : 0,
    costs: { inflatePageUs: 1, discardPageUs: 0, deflatePageUs: 1 },
    backOffUs: 1,
  });
  if (driver === null) throw new Error('no balloon');
  return driver;
}

/** Hears what the device is told, and by whom. */
class Host {
  readonly ledger = new HostLedger();
  readonly #askedBack = new Map<string, number[]>();
  #speaker = '';
  /** Whose request is not answered yet. */
  #waiting: string | null = null;

  constructor(driver: VirtioBalloon) {
    driver.device.observer = (event) => {
      if (event.kind !== 'INFLATE' && event.kind !== 'DEFLATE') return;
      // The kernel's driver has one array of pfns for both queues.
      if (this.#waiting !== null)
        this.ledger.problems.push(`${this.#speaker} overwrites the request of ${this.#waiting}`);
      this.#waiting = this.#speaker;
      if (event.kind === 'INFLATE') this.ledger.inflate([...event.pfns]);
      if (event.kind !== 'DEFLATE') return;
      this.ledger.askBack([...event.pfns]);
      this.#askedBack.set(this.#speaker, [...(this.#askedBack.get(this.#speaker) ?? []), ...event.pfns]);
    };
  }

  acknowledge(name: string): void {
    this.ledger.giveBack(this.#askedBack.get(name) ?? []);
    this.#askedBack.delete(name);
    if (this.#waiting === name) this.#waiting = null;
  }

  /** The actor, whose requests are answered as soon as it may go on. */
  listenTo(actor: Actor): Actor {
    return { ...actor, task: this.#answering(actor.name, actor.task) };
  }

  *#answering(name: string, task: Task<unknown>): Task<void> {
    for (;;) {
      this.acknowledge(name);
      this.#speaker = name;
      const step = task.next();
      if (step.done === true) return;
      yield step.value;
    }
  }

  state(): string {
    const pending = [...this.#askedBack].map(([name, pfns]) => `${name} ${pfns.join()}`);
    return [this.#waiting, ...[...this.ledger.frames].sort((a, b) => a - b), ...pending.sort()].join();
  }
}

/** All of the driver but its clock. */
function driverState(driver: VirtioBalloon): string {
  const { phase, lock, numPages, device, stopUpdate } = driver;
  const pages = heldFrames(driver).join();
  return [phase, lock.held, numPages, pages, device.targetPages, device.actualPages, stopUpdate].join(' ');
}

/** B3: num_pages = P + I, while nobody is at it. */
function countProblems({ memory, lock, list, numPages }: VirtioBalloon): string[] {
  const held = balloonPages(memory, list) + isolatedPages(memory, list);
  return lock.held || held === numPages ? [] : [`the driver counts ${numPages} pages, the balloon has ${held}`];
}

function settledProblems(driver: VirtioBalloon, ledger: HostLedger, endPages: number | undefined): string[] {
  const { memory, lock, list, numPages, device } = driver;
  const found: string[] = [];
  if (lock.held) found.push('the balloon lock is held for ever');
  if (isolatedPages(memory, list) > 0) found.push('pages stay isolated');
  if (device.actualPages !== numPages) found.push(`actual says ${device.actualPages}, the driver has ${numPages}`);
  if (endPages !== undefined && numPages !== endPages)
    found.push(`${numPages} pages at the end instead of ${endPages}`);
  const listed = listedPages(memory, list);
  if (listed.length !== ledger.frames.size || listed.some((pfn) => !ledger.frames.has(pfn)))
    found.push(`the host has ${[...ledger.frames].join()}, the balloon ${listed.join()}`);
  return found;
}
