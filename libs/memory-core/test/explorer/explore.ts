/**
 * Every interleaving of a small scenario. A generator cannot be copied, so each branch is reached by running the scenario anew
 * along a prefix of choices; states seen before (memory, what is shared, where each task stands) are not gone into again.
 *
 * Found wrong are: a broken invariant or an exception after any step; a state in which nobody can go on (deadlock); a state
 * from which no order of steps leads to the end (livelock). A loop that some order leaves is none: a fair scheduler leaves it.
 */
import { Stage, scheduleText } from './stage.js';
import type { Scenario } from './stage.js';

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Runs from the beginning. */
  readonly runs: number;
  /** Every way in which the scenario was seen to end, with the number of branches that did. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Digests of the memory at the ends. */
  readonly ends: ReadonlySet<string>;
  /** The first thing wrong, with the schedule that leads to it; null when nothing is. */
  readonly finding: string | null;
  /** The schedule of the finding: replay it with `replay`. */
  readonly schedule: readonly number[];
}

export interface ExploreOptions {
  /** Exploring stops with an error beyond this; default 200,000. */
  readonly maxStates?: number;
  /** Goes into every state again, to see that nothing is lost by not doing so. */
  readonly withoutPruning?: boolean;
}

export function explore(scenario: Scenario, options: ExploreOptions = {}): Exploration {
  return new Explorer(scenario, options).run();
}

/** Runs a scenario along a schedule, audited after every step; the first thing wrong, or null. */
export function replay(scenario: Scenario, schedule: readonly number[]): string | null {
  const stage = new Stage(scenario);
  for (const actor of schedule) {
    const thrown = stage.step(actor);
    const problems = thrown === null ? stage.problems() : [thrown];
    if (problems.length > 0) return problems.join('; ');
  }
  return null;
}

interface State {
  /** State and choice that led here first. */
  readonly parent: number;
  readonly actor: number;
  readonly before: number[];
  end: boolean;
}

/** A choice still to be made in a known state. */
interface Branch {
  readonly prefix: readonly number[];
  readonly from: number;
  readonly actor: number;
}

class Explorer {
  readonly #scenario: Scenario;
  readonly #maxStates: number;
  readonly #pruning: boolean;
  readonly #ids = new Map<string, number>();
  readonly #states: State[] = [];
  readonly #outcomes = new Map<string, number>();
  readonly #ends = new Set<string>();
  readonly #open: Branch[] = [];
  #transitions = 0;
  #runs = 0;
  #finding: string | null = null;
  #schedule: readonly number[] = [];

  constructor(scenario: Scenario, options: ExploreOptions) {
    this.#scenario = scenario;
    this.#maxStates = options.maxStates ?? 200_000;
    this.#pruning = options.withoutPruning !== true;
  }

  run(): Exploration {
    const first = new Stage(this.#scenario);
    const { id } = this.#admit(first, -1, -1);
    this.#judge(first, null);
    for (const actor of first.runnable()) this.#open.push({ prefix: [], from: id, actor });
    while (this.#finding === null) {
      const branch = this.#open.pop();
      if (branch === undefined) break;
      this.#follow(branch);
    }
    if (this.#finding === null) this.#findLivelock();
    return {
      states: this.#states.length,
      transitions: this.#transitions,
      runs: this.#runs,
      outcomes: this.#outcomes,
      ends: this.#ends,
      finding: this.#finding,
      schedule: this.#schedule,
    };
  }

  /** Makes the branch's choice and goes on, first choice first, until a state that is known or the end. */
  #follow({ prefix, from, actor }: Branch): void {
    const stage = new Stage(this.#scenario);
    this.#runs++;
    for (const earlier of prefix) stage.step(earlier);
    for (let next = actor; ;) {
      const thrown = stage.step(next);
      this.#transitions++;
      const state = thrown === null ? this.#admit(stage, from, next) : { id: -1, isNew: true };
      if (state.isNew) this.#judge(stage, thrown);
      if (this.#finding !== null || stage.isOver || (!state.isNew && this.#pruning)) return;
      from = state.id;
      const [choice, ...others] = stage.runnable();
      for (const other of others) this.#open.push({ prefix: [...stage.schedule], from, actor: other });
      next = choice;
    }
  }

  /** Takes the stage's state down. */
  #admit(stage: Stage, parent: number, actor: number): { id: number; isNew: boolean } {
    const key = stage.stateKey();
    const seen = this.#ids.get(key);
    if (stage.isOver) this.#end(stage, key);
    if (seen !== undefined) {
      this.#states[seen].before.push(parent);
      return { id: seen, isNew: false };
    }
    const id = this.#states.length;
    this.#ids.set(key, id);
    this.#states.push({ parent, actor, before: parent < 0 ? [] : [parent], end: stage.isOver });
    if (id >= this.#maxStates) throw new Error(`${this.#scenario.name}: more than ${this.#maxStates} states`);
    return { id, isNew: true };
  }

  #end(stage: Stage, key: string): void {
    const outcome = stage.play.outcome?.() ?? '';
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    this.#ends.add(key.split('|', 1)[0]);
  }

  #judge(stage: Stage, thrown: string | null): void {
    const problems = thrown === null ? [...stage.problems()] : [thrown];
    if (thrown === null && !stage.isOver && stage.runnable().length === 0)
      problems.push(`deadlock: ${stage.waiting()}`);
    if (problems.length > 0) this.#report(problems.join('; '), stage.schedule);
  }

  #report(problem: string, schedule: readonly number[]): void {
    const { play } = new Stage(this.#scenario);
    this.#schedule = [...schedule];
    this.#finding = `${this.#scenario.name}: ${problem}\n  schedule: ${scheduleText(play, schedule)}\n  as numbers: ${schedule.join(' ')}`;
  }

  /** Goes back from all ends; a state that is not reached leads to none of them. */
  #findLivelock(): void {
    const reaches = new Uint8Array(this.#states.length);
    const open: number[] = [];
    this.#states.forEach(({ end }, id) => {
      if (!end) return;
      reaches[id] = 1;
      open.push(id);
    });
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const before of this.#states[id].before) {
        if (reaches[before] === 1) continue;
        reaches[before] = 1;
        open.push(before);
      }
    }
    const trapped = reaches.indexOf(0);
    if (trapped >= 0) this.#report('livelock: nothing leads to the end from here', this.#scheduleTo(trapped));
  }

  #scheduleTo(id: number): number[] {
    const schedule: number[] = [];
    for (let at = id; this.#states[at].parent >= 0; at = this.#states[at].parent)
      schedule.unshift(this.#states[at].actor);
    return schedule;
  }
}
