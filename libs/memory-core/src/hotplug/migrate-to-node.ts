/**
 * Moves a program's pages to another node, as migrate_pages(2) and move_pages(2) do. Source: mm/mempolicy.c and mm/migrate.c of
 * Linux 6.12 (migrate_to_node, do_move_pages_to_node): all pages are isolated in the order of their addresses, then migrated to
 * that node or not at all.
 */
import { MIGRATE_SYNC } from '../layout/migrate-mode.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { ENOMEM } from '../layout/errno.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_NODE } from '../layout/zone-fields.js';
import { isolateMovablePage, putbackMovablePages } from '../migration/isolate.js';
import { migratePages } from '../migration/migrate-pages.js';
import { createMigrationList } from '../migration/migration-list.js';
import { ownerPageOrder } from '../migration/isolate-owner.js';
import { mappingOf } from '../owner-pages/mapping.js';
import type { Task } from '../tasks/task.js';
import { onNode } from './migration-target.js';

/**
 * 0, or −ENOMEM when the node had no room for all; what was moved stays moved. `fromNode`: only pages that lie there, else all
 * that do not lie on `toNode` already. The owner is a mapping.
 */
export function* migrateToNode(memory: Memory, owner: number, toNode: number, fromNode?: number): Task<number> {
  const leaves = (pfn: number): boolean => {
    const node = memory.zones[memory.blockZone[pfn >> PAGEBLOCK_ORDER] * ZONE_FIELDS + Z_NODE];
    return fromNode === undefined ? node !== toNode : node === fromNode;
  };
  const entries = mappingOf(memory, owner);
  const pfns: number[] = [];
  for (let page = 0; page < entries.length;) {
    const pfn = entries[page];
    if (pfn >= 0 && leaves(pfn)) pfns.push(pfn);
    page += pfn >= 0 ? 1 << ownerPageOrder(memory, pfn) : 1;
  }
  const list = createMigrationList();
  // The list is a stack: what is pushed last is moved first.
  for (const pfn of pfns.reverse()) isolateMovablePage(memory, pfn, list);
  const left = yield* migratePages(memory, list, onNode(memory, toNode), { mode: MIGRATE_SYNC, reclaiming: false });
  yield* putbackMovablePages(memory, list);
  return left === 0 ? 0 : -ENOMEM;
}
