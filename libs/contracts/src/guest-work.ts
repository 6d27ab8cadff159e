import { DomainError } from './errors.js';

/** How hard a compaction tries; SYNC waits for pages that are locked, as writing to compact_memory does. */
export const COMPACT_MODES = ['ASYNC', 'SYNC_LIGHT', 'SYNC'] as const;
export type CompactMode = (typeof COMPACT_MODES)[number];

/** Zones by name, as Linux writes them. */
export const ZONE_NAMES = ['DMA', 'DMA32', 'Normal', 'Movable'] as const;
export type ZoneName = (typeof ZONE_NAMES)[number];

/** Work on a guest besides moving its balloon. */
export type GuestWork =
  | {
      readonly kind: 'COMPACT';
      /** Null: all nodes. */
      readonly node: number | null;
      /** Null: all zones. */
      readonly zone: ZoneName | null;
      /** Stop when a block of this order is free; null: go on until the scanners meet. */
      readonly order: number | null;
      readonly mode: CompactMode;
    }
  /** `block`: 128 MiB of physical memory, as /sys/devices/system/memory numbers them. */
  | { readonly kind: 'OFFLINE_MEMORY_BLOCK'; readonly block: number }
  | { readonly kind: 'ONLINE_MEMORY_BLOCK'; readonly block: number }
  /** A paused guest's clock stands: it does not run and does not age. */
  | { readonly kind: 'PAUSE' }
  | { readonly kind: 'RESUME' };

export type GuestWorkKind = GuestWork['kind'];
type Fields = Readonly<Record<string, unknown>>;

/** Parses what an operation's row carries; throws DomainError BAD_INPUT that names the field. */
export function parseGuestWork(data: unknown): GuestWork {
  if (typeof data !== 'object' || data === null) throw bad('work', 'an object', data);
  const fields = data as Fields;
  switch (fields['kind']) {
    case 'COMPACT':
      return {
        kind: 'COMPACT',
        node: fields['node'] === null ? null : countOf(fields, 'node'),
        zone: fields['zone'] === null ? null : oneOf(fields, 'zone', ZONE_NAMES),
        order: fields['order'] === null ? null : countOf(fields, 'order'),
        mode: oneOf(fields, 'mode', COMPACT_MODES),
      };
    case 'OFFLINE_MEMORY_BLOCK':
    case 'ONLINE_MEMORY_BLOCK':
      return { kind: fields['kind'], block: countOf(fields, 'block') };
    case 'PAUSE':
    case 'RESUME':
      return { kind: fields['kind'] };
    default:
      throw bad('kind', 'a kind of work', fields['kind']);
  }
}

function countOf(fields: Fields, field: string): number {
  const value = fields[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw bad(field, 'a whole number', value);
  return value;
}

function oneOf<Value extends string>(fields: Fields, field: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === fields[field]);
  if (found === undefined) throw bad(field, `one of ${values.join(', ')}`, fields[field]);
  return found;
}

function bad(field: string, accepted: string, got: unknown): DomainError {
  return new DomainError('BAD_INPUT', `work field ${field} must be ${accepted}, got ${JSON.stringify(got)}`, field);
}
