/**
 * One interleaving of a scenario of any size, drawn from a seed: the same seed gives the same run everywhere. A task that
 * waits for a lock is not drawn until the lock is free.
 */
import { RandomStream } from '#units';
import { digestMemory } from '../../src/state/snapshot.js';
import { Stage, scheduleText } from './stage.js';
import type { Scenario } from './stage.js';

export interface SeededRun {
  readonly steps: number;
  readonly outcome: string;
  /** What went wrong, with the seed and the schedule; null when nothing did. */
  readonly finding: string | null;
}

export interface SeededOptions {
  /** Steps without any change of memory, of what is shared or of the number of tasks: a livelock. Default 2,000. */
  readonly patience?: number;
  /** Steps from one audit to the next; default 1. */
  readonly auditEvery?: number;
}

export function runSeeded(scenario: Scenario, seed: number, options: SeededOptions = {}): SeededRun {
  const { patience = 2000, auditEvery = 1 } = options;
  const random = RandomStream.of(seed, 'scheduler');
  const stage = new Stage(scenario);
  const { play } = stage;
  let last = '';
  let stillSince = 0;
  const end = (problem: string | null): SeededRun => {
    const how = scheduleText(play, stage.schedule);
    const finding = problem === null ? null : `${scenario.name}, seed ${seed}: ${problem}\n  schedule: ${how}`;
    return { steps: stage.schedule.length, outcome: play.outcome?.() ?? '', finding };
  };
  while (!stage.isOver) {
    const runnable = stage.runnable();
    if (runnable.length === 0) return end(`deadlock: ${stage.waiting()}`);
    const thrown = stage.step(runnable[random.nextBelow(runnable.length)]);
    if (thrown !== null) return end(thrown);
    if (stage.actorsLeft === 0 || stage.schedule.length % auditEvery === 0) {
      const problems = stage.problems();
      if (problems.length > 0) return end(problems.join('; '));
    }
    const now = `${digestMemory(play.memory)}|${play.shared?.() ?? ''}|${stage.actorsLeft}`;
    if (now !== last) stillSince = stage.schedule.length;
    else if (stage.schedule.length - stillSince > patience) return end(`livelock: ${stage.waiting()}`);
    last = now;
  }
  return end(null);
}
