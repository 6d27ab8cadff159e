/** What a story does to a fleet and reads from it, each through one GraphQL document. */
import type { ApiClient, Variables } from './api-client.js';
import { eventually } from './eventually.js';

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;
export const PAGE_BYTES = 4096;

export interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly requestedBytes: number;
  readonly achievedBytes: number | null;
  readonly deficitBytes: number | null;
  readonly reason: string | null;
}

export interface GuestView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly memory: { readonly freeBytes: number; readonly residentBytes: number; readonly sampledAt: string };
  readonly balloon: { readonly targetBytes: number; readonly actualBytes: number; readonly state: string };
  readonly zones: readonly {
    readonly name: string;
    readonly managedPages: number;
    readonly freePages: number;
    readonly freeBlocks: readonly number[];
  }[];
  readonly vmstat: readonly { readonly name: string; readonly value: number }[];
}

const OPERATION_FIELDS = 'id kind status outcome requestedBytes achievedBytes deficitBytes reason';
const GUEST_FIELDS = `id name state
  memory { assignedBytes totalBytes freeBytes availableBytes usedBytes cachedBytes anonBytes slabBytes residentBytes sampledAt }
  balloon { targetBytes actualBytes state inflatedPagesTotal deflatedPagesTotal }
  zones { name managedPages freePages freeBlocks watermarks { minPages lowPages highPages } }
  vmstat { name value }`;

export async function createHost(api: ApiClient, name: string, capacityBytes: number): Promise<string> {
  const { createHost: payload } = await api.ask<{ createHost: { host: { id: string } } }>(
    'mutation ($input: CreateHostInput!) { createHost(input: $input) { host { id } } }',
    { input: { name, capacityBytes } },
  );
  return payload.host.id;
}

/** `count` guests (IDLE unless `more` says otherwise); returns their ids once each has its first sample. */
export async function createGuests(
  api: ApiClient,
  hostId: string,
  assignedBytes: number,
  more: Variables = {},
): Promise<string[]> {
  const { createGuests: payload } = await api.ask<{ createGuests: { guests: { id: string }[] } }>(
    'mutation ($input: CreateGuestsInput!) { createGuests(input: $input) { guests { id } } }',
    { input: { hostId, assignedBytes, count: 1, ...more } },
  );
  const ids = payload.guests.map((guest) => guest.id);
  for (const id of ids) {
    await eventually(
      () =>
        api.ask<{ guest: { memory: object | null } }>('query ($id: ID!) { guest(id: $id) { memory { freeBytes } } }', {
          id,
        }),
      ({ guest }) => guest.memory !== null,
    );
  }
  return ids;
}

export async function readGuest(api: ApiClient, id: string): Promise<GuestView> {
  return (await api.ask<{ guest: GuestView }>(`query ($id: ID!) { guest(id: $id) { ${GUEST_FIELDS} } }`, { id })).guest;
}

/** Asks for work on a guest; returns once it is acknowledged. */
export async function request(
  api: ApiClient,
  mutation: 'setBalloonTarget' | 'inflate' | 'deflate',
  input: Variables,
): Promise<Operation> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  const data = await api.ask<Record<string, { operation: Operation }>>(
    `mutation ($input: ${type}) { ${mutation}(input: $input) { operation { ${OPERATION_FIELDS} } } }`,
    { input },
  );
  return data[mutation]!.operation;
}

export async function readOperation(api: ApiClient, id: string): Promise<Operation> {
  const query = `query ($id: ID!) { operation(id: $id) { ${OPERATION_FIELDS} } }`;
  return (await api.ask<{ operation: Operation }>(query, { id })).operation;
}

/** The operation once it has ended. */
export function ended(api: ApiClient, id: string, limitMs = 60_000): Promise<Operation> {
  return eventually(
    () => readOperation(api, id),
    ({ outcome }) => outcome !== null,
    limitMs,
  );
}

/** The guest once a sample shows its balloon at `actualBytes`. */
export function balloonAt(api: ApiClient, id: string, actualBytes: number): Promise<GuestView> {
  return eventually(
    () => readGuest(api, id),
    ({ balloon }) => balloon.actualBytes === actualBytes,
  );
}

/** A counter of the guest's vmstat. */
export function counter(guest: GuestView, name: string): number {
  const found = guest.vmstat.find((one) => one.name === name);
  if (found === undefined) throw new Error(`vmstat has no ${name}`);
  return found.value;
}

export function freePages(guest: GuestView): number {
  return guest.zones.reduce((sum, zone) => sum + zone.freePages, 0);
}

/**
 * Pages that were handed out and not given back. Unlike free pages they do not depend on how many pages wait on per-CPU
 * lists at the moment.
 */
export function heldPages(guest: GuestView): number {
  const allocated = guest.vmstat.filter(({ name }) => name.startsWith('pgalloc_'));
  return allocated.reduce((sum, { value }) => sum + value, 0) - counter(guest, 'pgfree');
}

export async function setClockSpeed(api: ApiClient, speed: number): Promise<void> {
  await api.ask('mutation ($input: SetClockSpeedInput!) { setClockSpeed(input: $input) { clock { speed } } }', {
    input: { speed },
  });
}

export async function readTick(api: ApiClient): Promise<number> {
  return (await api.ask<{ fleet: { clock: { tick: number } } }>('{ fleet { clock { tick } } }')).fleet.clock.tick;
}

/** Stops time and waits until the last step is stored; returns its tick. */
export async function pause(api: ApiClient): Promise<number> {
  await setClockSpeed(api, 0);
  let [last, same] = [-1, 0];
  return eventually(
    () => readTick(api),
    (tick) => {
      same = tick === last ? same + 1 : 0;
      last = tick;
      return same >= 10;
    },
  );
}

/** A guest's memory as its owner prints it now, not as it was stored: free blocks, counters, sizes. */
export async function readLiveMemory(api: ApiClient, id: string): Promise<Record<string, string>> {
  const query = `query ($id: ID!) { guest(id: $id) {
    buddyinfo: procfs(file: BUDDYINFO) vmstat: procfs(file: VMSTAT) meminfo: procfs(file: MEMINFO) } }`;
  return (await api.ask<{ guest: Record<string, string> }>(query, { id })).guest;
}
