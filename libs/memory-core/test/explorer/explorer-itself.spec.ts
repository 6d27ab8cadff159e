/** The tools that look for faults, on faults: each is found, and the schedule that is printed leads to it again. */
import { describe, expect, it } from '@jest/globals';
import { balloonPageAlloc } from '../../src/balloon/balloon.js';
import { RESCHEDULE } from '../../src/tasks/task.js';
import type { Mutex, Task } from '../../src/tasks/task.js';
import { casesOf } from './cases.js';
import { explore, replay } from './explore.js';
import { runSeeded } from './seeded.js';
import type { Play, Scenario } from './stage.js';
import { copyMemory, tinyMemory } from './tiny.js';

const origin = tinyMemory({ pagesPerBlock: 8 });

function scenario(name: string, start: () => Omit<Play, 'memory'>): Scenario {
  return { name, start: () => ({ memory: copyMemory(origin), ...start() }) };
}

/** Takes both locks in the order given. */
function* takes(first: Mutex, second: Mutex): Task<void> {
  for (const mutex of [first, second]) {
    while (mutex.held) yield { kind: 'MUTEX', mutex };
    mutex.held = true;
    yield RESCHEDULE;
  }
  first.held = second.held = false;
}

const crossed = scenario('crossed locks', () => {
  const [a, b]: Mutex[] = [{ held: false }, { held: false }];
  return {
    actors: [
      { name: 'ab', task: takes(a, b) },
      { name: 'ba', task: takes(b, a) },
    ],
    shared: () => `${a.held} ${b.held}`,
  };
});

const inOrder = scenario('locks in order', () => {
  const [a, b]: Mutex[] = [{ held: false }, { held: false }];
  return {
    actors: [
      { name: 'one', task: takes(a, b) },
      { name: 'other', task: takes(a, b) },
    ],
    shared: () => `${a.held} ${b.held}`,
  };
});

/** Both want the flag at their own value before they end; the last one to look wins, for ever. */
const flag = scenario('two who never agree', () => {
  const shared = { value: 0 };
  const wants = (name: string, value: number) => ({
    name,
    task: (function* (): Task<void> {
      do {
        shared.value = value;
        yield RESCHEDULE;
      } while (shared.value !== 3);
    })(),
    knows: () => '',
  });
  return { actors: [wants('one', 1), wants('two', 2)], shared: () => String(shared.value) };
});

const counter = scenario('a lost update', () => {
  const shared = { value: 0 };
  const adds = (name: string) => {
    let read = -1;
    return {
      name,
      task: (function* (): Task<void> {
        read = shared.value;
        yield RESCHEDULE;
        shared.value = read + 1;
      })(),
      knows: () => String(read),
    };
  };
  return {
    actors: [adds('one'), adds('other')],
    shared: () => String(shared.value),
    settled: () => (shared.value === 2 ? [] : [`${shared.value} instead of 2`]),
  };
});

describe('the explorer', () => {
  it('finds a deadlock, and the schedule that it prints leads there', () => {
    const { finding, schedule } = explore(crossed);
    expect(finding).toMatch(/^crossed locks: deadlock: ab waits for MUTEX, ba waits for MUTEX\n {2}schedule: /);
    expect(replay(crossed, schedule)).toBeNull(); // nothing is broken on the way there
    expect(explore(inOrder).finding).toBeNull();
  });

  it('finds that nothing leads to the end', () => {
    expect(explore(flag).finding).toMatch('livelock: nothing leads to the end from here');
  });

  it('finds an update that is lost in some orders only', () => {
    const { finding, schedule } = explore(counter);
    expect(finding).toMatch('1 instead of 2');
    expect(replay(counter, schedule)).toBe('1 instead of 2');
    expect(replay(counter, [0, 0, 1, 1])).toBeNull();
  });

  it('finds a page that is lost', () => {
    const leaky = scenario('a page too many', () => {
      const memory = copyMemory(origin);
      const task = (function* (): Task<void> {
        balloonPageAlloc(memory);
        memory.tag[memory.tag.indexOf(12)] = 0; // forgotten: neither held nor free
        yield RESCHEDULE;
      })();
      return { memory, actors: [{ name: 'take', task }] };
    });
    expect(explore(leaky).finding).toMatch(/is lost/);
  });

  it('gives up on what is too large', () => {
    const [large] = casesOf('6.12');
    expect(() => explore(large, { maxStates: 20 })).toThrow('more than 20 states');
  });
});

describe('the seeded scheduler', () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  it('does the same for the same seed', () => {
    const [scenarioOf] = casesOf('6.12');
    expect(runSeeded(scenarioOf, 5)).toEqual(runSeeded(scenarioOf, 5));
    expect(new Set(seeds.map((seed) => runSeeded(scenarioOf, seed).outcome)).size).toBeGreaterThan(1);
  });

  it('finds a deadlock under some seeds, and says which and how', () => {
    const findings = seeds.map((seed) => runSeeded(crossed, seed).finding).filter((finding) => finding !== null);
    expect(findings.length).toBeGreaterThan(5);
    expect(findings[0]).toMatch(/crossed locks, seed \d+: deadlock: .*\n {2}schedule: /);
    expect(seeds.every((seed) => runSeeded(inOrder, seed).finding === null)).toBe(true);
  });

  it('finds a livelock by its patience', () => {
    const still = scenario('a spinner', () => {
      const task = (function* (): Task<void> {
        while (origin.spanPages > 0) yield RESCHEDULE;
      })();
      return { actors: [{ name: 'spin', task }] };
    });
    expect(runSeeded(still, 1, { patience: 50, auditEvery: 100 }).finding).toMatch(
      'seed 1: livelock: spin waits for RESCHEDULE',
    );
  });
});
