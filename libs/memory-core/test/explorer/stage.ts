/**
 * Several tasks over one memory, run one step at a time in any order that their waits allow. Who goes next is the business of
 * whoever holds the stage: the explorer tries every order, the seeded scheduler draws one.
 */
import { digestMemory } from '../../src/state/snapshot.js';
import { auditMemory } from '../../src/state/audit.js';
import type { Memory } from '../../src/layout/memory.js';
import { RESCHEDULE, mayGoOn } from '../../src/tasks/task.js';
import type { Task, Wait } from '../../src/tasks/task.js';

export interface Actor {
  readonly name: string;
  readonly task: Task<unknown>;
  /**
   * All that the task knows between two steps besides the memory and what is shared. Without it the steps taken and the waits
   * seen so far stand for it, which never come back: a task that may spin has to say where it is.
   */
  readonly knows?: () => string;
}

/** One run of a scenario from its beginning. */
export interface Play {
  readonly memory: Memory;
  readonly actors: readonly Actor[];
  /** State outside the memory that the actors share: mutexes, what the host has been told. */
  readonly shared?: () => string;
  /** What is wrong now; called after every step, besides the audit. */
  readonly check?: () => readonly string[];
  /** What is wrong once every task has ended. */
  readonly settled?: () => readonly string[];
  /** How the run went, for tests that ask whether something can happen at all. */
  readonly outcome?: () => string;
}

export interface Scenario {
  readonly name: string;
  /** The same every time. */
  start(): Play;
}

export class Stage {
  readonly play: Play;
  readonly #waits: (Wait | null)[];
  readonly #traces: Int32Array;
  readonly #schedule: number[] = [];

  constructor(scenario: Scenario) {
    this.play = scenario.start();
    this.#waits = this.play.actors.map(() => RESCHEDULE);
    this.#traces = new Int32Array(this.play.actors.length);
  }

  /** Actors by number, as they have been let go on. */
  get schedule(): readonly number[] {
    return this.#schedule;
  }

  get isOver(): boolean {
    return this.#waits.every((wait) => wait === null);
  }

  get actorsLeft(): number {
    return this.#waits.filter((wait) => wait !== null).length;
  }

  /** Actors that could go on now. */
  runnable(): number[] {
    const actors: number[] = [];
    this.#waits.forEach((wait, actor) => {
      if (wait !== null && mayGoOn(this.play.memory, wait)) actors.push(actor);
    });
    return actors;
  }

  /** Lets an actor go on to its next wait. Returns what it threw, or null. */
  step(actor: number): string | null {
    const { task, name } = this.play.actors[actor];
    this.#schedule.push(actor);
    try {
      const step = task.next();
      const wait = step.done === true ? null : step.value;
      this.#waits[actor] = wait;
      this.#traces[actor] = mix(this.#traces[actor], wait);
      return null;
    } catch (error) {
      return `${name} threw ${String(error)}`;
    }
  }

  /** What is wrong after a step: the audit's findings, the scenario's, and at the end those of the end. */
  problems(): readonly string[] {
    const { memory, check, settled } = this.play;
    const found = [...auditMemory(memory), ...(check?.() ?? [])];
    return this.isOver ? [...found, ...(settled?.() ?? [])] : found;
  }

  /** What happens from here on is a function of this. */
  stateKey(): string {
    const { memory, actors, shared } = this.play;
    const parts = [digestMemory(memory), shared?.() ?? ''];
    actors.forEach(({ knows }, actor) => {
      const wait = this.#waits[actor];
      if (wait === null) parts.push('ended');
      else if (this.#traces[actor] === 0) parts.push('not begun');
      else parts.push(waitName(wait), knows === undefined ? String(this.#traces[actor]) : knows());
    });
    return parts.join('|');
  }

  /** What the actors wait for, for messages. */
  waiting(): string {
    const names = this.play.actors.map(({ name }, actor) => {
      const wait = this.#waits[actor];
      return wait === null ? `${name} has ended` : `${name} waits for ${waitName(wait)}`;
    });
    return names.join(', ');
  }
}

function waitName(wait: Wait): string {
  return wait.kind === 'PAGE_LOCK' ? `PAGE_LOCK ${wait.pfn}` : wait.kind;
}

/** Steps and waits so far, folded into one number (FNV-1a). */
function mix(trace: number, wait: Wait | null): number {
  let hash = trace === 0 ? 0x811c9dc5 | 0 : trace;
  const text = wait === null ? 'end' : waitName(wait);
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** A schedule for people: "leak ×3, compact, leak". */
export function scheduleText(play: Play, schedule: readonly number[]): string {
  const parts: string[] = [];
  for (let from = 0; from < schedule.length;) {
    let to = from;
    while (to < schedule.length && schedule[to] === schedule[from]) to++;
    const { name } = play.actors[schedule[from]];
    parts.push(to - from === 1 ? name : `${name} ×${to - from}`);
    from = to;
  }
  return parts.join(', ');
}
