/**
 * Isolating pages for migration and putting them back: the core's layer above the balloon and the owners.
 * Source: mm/migrate.c of Linux 6.12 (isolate_movable_page, putback_movable_pages), as described in the reference, §2.10.
 */
import { isPageLocked } from '../tasks/page-lock.js';
import { balloonPageIsolate, balloonPagePutback, isIsolatedBalloonTag } from '../balloon-list/migrate.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { isolateOwnerPage, putbackOwnerPage } from './isolate-owner.js';
import { isMovableTag } from '../layout/owner-fields.js';
import type { Task } from '../tasks/task.js';
import { pushMigration } from './migration-list.js';
import type { MigrationList } from './migration-list.js';

/**
 * Isolates a page that a driver can move, which raises its refcount from 1 to 2; false, at once and without any change,
 * when it is none, is isolated already, or somebody holds its lock.
 */
export function isolateMovableOpsPage(memory: Memory, pfn: number): boolean {
  if (!memory.config.balloonCompaction || isPageLocked(memory, pfn)) return false;
  return balloonPageIsolate(memory, pfn);
}

/** Gives a page that isolateMovableOpsPage isolated back to its driver. Waits for the page's lock. */
export function* putbackMovableOpsPage(memory: Memory, pfn: number): Task<void> {
  while (isPageLocked(memory, pfn)) yield { kind: 'PAGE_LOCK', pfn };
  balloonPagePutback(memory, pfn);
}

/** Isolates any page that can move, an owner's or a balloon's, onto the list; false when this one cannot now. */
export function isolateMovablePage(memory: Memory, pfn: number, list: MigrationList): boolean {
  const tag = memory.tag[pfn];
  if (tag >= TAG_OWNER) {
    if (!isMovableTag(memory, tag)) return false;
    pushMigration(list, pfn, isolateOwnerPage(memory, pfn));
    return true;
  }
  if (!isolateMovableOpsPage(memory, pfn)) return false;
  pushMigration(list, pfn, 0);
  return true;
}

/** Puts all pages of the list back where they came from, first the one at its head, and empties it. */
export function* putbackMovablePages(memory: Memory, list: MigrationList): Task<void> {
  while (list.count > 0) {
    const pfn = list.pfns[list.count - 1];
    const place = list.places[list.count - 1];
    list.count--;
    if (isIsolatedBalloonTag(memory.tag[pfn])) yield* putbackMovableOpsPage(memory, pfn);
    else putbackOwnerPage(memory, pfn, place);
  }
}
