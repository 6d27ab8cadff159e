/** Tasks that take pages away from the balloon for a while: what compaction, offlining and memory failure do, on a few pages. */
import { allocatePages } from '../../src/request/allocate.js';
import { freePages } from '../../src/allocator/free.js';
import { tryLockPage, unlockPage } from '../../src/tasks/page-lock.js';
import type { MigrateMode } from '../../src/layout/migrate-mode.js';
import { Gfp } from '../../src/layout/gfp.js';
import type { Memory } from '../../src/layout/memory.js';
import { isolateMovablePage, putbackMovablePages } from '../../src/migration/isolate.js';
import { migratePages } from '../../src/migration/migrate-pages.js';
import type { MigrationTargets } from '../../src/migration/migrate-pages.js';
import { createMigrationList } from '../../src/migration/migration-list.js';
import { growOwner, shrinkOwner } from '../../src/owners/owner.js';
import { RESCHEDULE } from '../../src/tasks/task.js';
import type { Task } from '../../src/tasks/task.js';
import type { Actor } from './stage.js';

/** What a mover met; read it once the play is over. */
export interface Moves {
  isolated: number;
  moved: number;
  putback: number;
}

/** Isolates those of the pages that can be, one step each, and puts them back. */
export function isolator(name: string, memory: Memory, pfns: readonly number[], moves: Moves = noMoves()): Actor {
  const list = createMigrationList(4);
  let tried = 0;
  function* run(): Task<void> {
    for (const pfn of pfns) {
      if (isolateMovablePage(memory, pfn, list)) moves.isolated++;
      tried++;
      yield RESCHEDULE;
    }
    moves.putback = list.count;
    yield* putbackMovablePages(memory, list);
  }
  return { name, task: run(), knows: () => `${tried} ${list.pfns.subarray(0, list.count).join()} ${moves.isolated}` };
}

/** Isolates the pages it can get, moves them to other frames, and puts back what would not move. */
export function mover(
  name: string,
  memory: Memory,
  pfns: readonly number[],
  mode: MigrateMode,
  moves: Moves = noMoves(),
  gfp: number = Gfp.HIGHUSER_MOVABLE,
): Actor {
  const list = createMigrationList(4);
  function* run(): Task<void> {
    for (const pfn of pfns) {
      if (isolateMovablePage(memory, pfn, list)) moves.isolated++;
      yield RESCHEDULE;
    }
    yield* migratePages(memory, list, ordinaryTargets(memory, gfp), { mode, reclaiming: false });
    moves.moved = list.movedPages;
    moves.putback = list.count;
    if (list.count > 0) yield* putbackMovablePages(memory, list);
  }
  return { name, task: run() };
}

/** Holds a page's lock for a step, if it is free. */
export function locker(name: string, memory: Memory, pfn: number): Actor {
  let at = 'start';
  function* run(): Task<void> {
    if (!tryLockPage(memory, pfn)) return;
    at = 'holds it';
    yield RESCHEDULE;
    unlockPage(memory, pfn);
  }
  return { name, task: run(), knows: () => at };
}

/** Frees a page of an owner's and takes two more. */
export function program(name: string, memory: Memory, owner: number): Actor {
  let at = 'start';
  function* run(): Task<void> {
    shrinkOwner(memory, owner, 1, 'OLDEST');
    at = 'shrunk';
    yield RESCHEDULE;
    growOwner(memory, owner, 2);
  }
  return { name, task: run(), knows: () => at };
}

export function noMoves(): Moves {
  return { isolated: 0, moved: 0, putback: 0 };
}

function ordinaryTargets(memory: Memory, gfp: number): MigrationTargets {
  return {
    take: (order) => allocatePages(memory, order, gfp),
    *refill() {
      yield RESCHEDULE;
    },
    give: (pfn, order) => {
      freePages(memory, pfn, order);
    },
  };
}
