/**
 * Isolated pages on their way to another frame, as the kernel's list of them: a stack that is taken from where it was
 * pushed to. Grows by doubling; one list serves a whole run.
 */
export interface MigrationList {
  /** First frames; the head of the kernel's list is the last entry. */
  pfns: Int32Array;
  /** For an owner's page its place (see migration/isolate-owner.ts). */
  places: Int16Array;
  /** Entries; a huge page is one. */
  count: number;
  /** Base pages that the last migratePages moved. */
  movedPages: number;
}

export function createMigrationList(capacity = 1024): MigrationList {
  return { pfns: new Int32Array(capacity), places: new Int16Array(capacity), count: 0, movedPages: 0 };
}

export function pushMigration(list: MigrationList, pfn: number, place: number): void {
  if (list.count === list.pfns.length) grow(list);
  list.pfns[list.count] = pfn;
  list.places[list.count] = place;
  list.count++;
}

function grow(list: MigrationList): void {
  const pfns = new Int32Array(Math.max(64, list.count * 2));
  const places = new Int16Array(Math.max(64, list.count * 2));
  pfns.set(list.pfns);
  places.set(list.places);
  list.pfns = pfns;
  list.places = places;
}
