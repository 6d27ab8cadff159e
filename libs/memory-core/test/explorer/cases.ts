/** The small cases that the explorer goes through from end to end, for each release that answers them differently. */
import { createBalloonDevice } from '../../src/balloon/balloon.js';
import { MIGRATE_ASYNC, MIGRATE_SYNC } from '../../src/layout/migrate-mode.js';
import type { MigrateMode } from '../../src/layout/migrate-mode.js';
import { compactWholeZone } from '../../src/compaction/manual.js';
import { Gfp } from '../../src/layout/gfp.js';
import { EV_BALLOON_MIGRATE } from '../../src/layout/events.js';
import type { Memory } from '../../src/layout/memory.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { createOwner, growOwner } from '../../src/owners/owner.js';
import { isolator, locker, mover, noMoves, program } from './movers.js';
import { SmallDriver } from './small-driver.js';
import type { Actor, Play, Scenario } from './stage.js';
import { copyMemory, listedPages, tinyMemory } from './tiny.js';
import type { TinyOptions } from './tiny.js';

/** A balloon on a tiny memory, before anything happens. */
export interface Set {
  readonly memory: Memory;
  readonly driver: SmallDriver;
  /** Pages of the balloon, head first. */
  readonly listed: readonly number[];
}

export interface Cast {
  readonly actors: readonly Actor[];
  readonly outcome?: () => string;
}

export interface CaseOptions extends TinyOptions {
  /** Pages in the balloon at the beginning; default 3. */
  readonly ballooned?: number;
  readonly batch?: number;
  readonly adjustManaged?: boolean;
}

/** A scenario: the balloon of `options`, and whoever `cast` puts beside it. */
export function balloonCase(name: string, options: CaseOptions, cast: (set: Set) => Cast): Scenario {
  const { ballooned = 3, batch = 2, adjustManaged = true, ...tiny } = options;
  const origin = tinyMemory(tiny);
  return {
    name,
    start(): Play {
      const memory = copyMemory(origin);
      const driver = new SmallDriver(memory, createBalloonDevice(memory, adjustManaged), batch).inflateAtOnce(
        ballooned,
      );
      const { actors, outcome } = cast({ memory, driver, listed: listedPages(memory, driver.device) });
      const shared = (): string => driver.shared();
      const play: Play = { memory, actors, shared, check: () => driver.check(), settled: () => driver.settled() };
      return outcome === undefined ? play : { ...play, outcome };
    },
  };
}

function towards(driver: SmallDriver, target: number, name: string): Actor {
  driver.target = target;
  return driver.sizeWork(name);
}

function compactor(memory: Memory): Actor {
  return { name: 'compact', task: compactWholeZone(memory, 0) };
}

function migrations(memory: Memory): string {
  return `${memory.events[EV_BALLOON_MIGRATE]} moved`;
}

/** The driver against somebody who moves its pages by hand, in the given mode. */
function leakAndMove(kernelProfile: KernelProfile, mode: MigrateMode): Scenario {
  const name = `${kernelProfile}: leak and ${mode === MIGRATE_ASYNC ? 'asynchronous' : 'synchronous'} migration`;
  return balloonCase(name, { kernelProfile }, ({ memory, driver, listed }) => {
    const moves = noMoves();
    return {
      actors: [towards(driver, 1, 'leak'), mover('move', memory, listed.slice(0, 2), mode, moves)],
      outcome: () => `${moves.moved} moved, ${moves.putback} put back`,
    };
  });
}

export const RELEASES: readonly KernelProfile[] = ['6.1', '6.12', '7.0'];

export function casesOf(kernelProfile: KernelProfile): readonly Scenario[] {
  const named = (what: string): string => `${kernelProfile}: ${what}`;
  return [
    leakAndMove(kernelProfile, MIGRATE_ASYNC),
    leakAndMove(kernelProfile, MIGRATE_SYNC),
    balloonCase(
      named('leak to nothing and an isolator'),
      { kernelProfile, ballooned: 2 },
      ({ memory, driver, listed }) => {
        const moves = noMoves();
        return {
          actors: [towards(driver, 0, 'leak'), isolator('isolate', memory, listed, moves)],
          outcome: () => `${moves.isolated} isolated${driver.lateNulls > 0 ? ', a late NULL' : ''}`,
        };
      },
    ),
    balloonCase(named('fill and two isolators'), { kernelProfile, ballooned: 2 }, ({ memory, driver, listed }) => {
      const [one, other] = [noMoves(), noMoves()];
      return {
        actors: [
          towards(driver, 3, 'fill'),
          isolator('isolate', memory, listed, one),
          isolator('isolate too', memory, listed, other),
        ],
        outcome: () => `${one.isolated} and ${other.isolated} isolated`,
      };
    }),
    balloonCase(named('leak and compaction'), { kernelProfile }, ({ memory, driver }) => ({
      actors: [towards(driver, 1, 'leak'), compactor(memory)],
      outcome: () => migrations(memory),
    })),
    balloonCase(named('fill and compaction'), { kernelProfile, ballooned: 2 }, ({ memory, driver }) => ({
      actors: [towards(driver, 4, 'fill'), compactor(memory)],
      outcome: () => migrations(memory),
    })),
    balloonCase(named('OOM notifier and migration'), { kernelProfile }, ({ memory, driver, listed }) => {
      const moves = noMoves();
      return {
        actors: [driver.notifier('notifier'), mover('move', memory, listed.slice(0, 2), MIGRATE_SYNC, moves)],
        outcome: () => `${moves.moved} moved`,
      };
    }),
    balloonCase(named('OOM notifier, fill and an isolator'), { kernelProfile }, ({ memory, driver, listed }) => ({
      actors: [
        driver.notifier('notifier'),
        towards(driver, 4, 'fill'),
        isolator('isolate', memory, listed.slice(0, 1)),
      ],
    })),
    balloonCase(named('leak and migration to another zone'), { kernelProfile, movableZone: true }, (set) => {
      const moves = noMoves();
      const { memory, driver, listed } = set;
      return {
        actors: [
          towards(driver, 2, 'leak'),
          mover('move', memory, listed.slice(0, 2), MIGRATE_SYNC, moves, Gfp.HIGHUSER),
        ],
        outcome: () => `${moves.moved} moved`,
      };
    }),
    balloonCase(named('two compactions'), { kernelProfile, ballooned: 2 }, ({ memory }) => ({
      actors: [compactor(memory), { name: 'compact too', task: compactWholeZone(memory, 0) }],
      outcome: () => migrations(memory),
    })),
    balloonCase(
      named('leak and compaction with per-CPU lists'),
      { kernelProfile, pcp: true },
      ({ memory, driver }) => ({
        actors: [towards(driver, 1, 'leak'), compactor(memory)],
        outcome: () => migrations(memory),
      }),
    ),
    balloonCase(named('a program and compaction'), { kernelProfile, ballooned: 1 }, ({ memory, driver }) => {
      const owner = createOwner(memory, 'ANON');
      growOwner(memory, owner, 2);
      return {
        actors: [program('program', memory, owner), compactor(memory), towards(driver, 0, 'leak')],
        outcome: () => migrations(memory),
      };
    }),
    balloonCase(named('leak and a locked page'), { kernelProfile, ballooned: 2 }, ({ memory, driver, listed }) => ({
      actors: [towards(driver, 0, 'leak'), locker('lock', memory, listed[0]), locker('lock too', memory, listed[1])],
    })),
    balloonCase(named('putback and a locked page'), { kernelProfile, ballooned: 2 }, ({ memory, listed }) => {
      const moves = noMoves();
      return {
        actors: [isolator('isolate', memory, listed, moves), locker('lock', memory, listed[0])],
        outcome: () => `${moves.isolated} isolated`,
      };
    }),
    balloonCase(named('migration and a locked page'), { kernelProfile, ballooned: 2 }, ({ memory, listed }) => {
      const moves = noMoves();
      return {
        actors: [mover('move', memory, listed, MIGRATE_SYNC, moves), locker('lock', memory, listed[0])],
        outcome: () => `${moves.isolated} isolated, ${moves.moved} moved`,
      };
    }),
  ];
}
