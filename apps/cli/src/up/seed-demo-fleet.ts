/**
 * Builds the demo fleet through the API, as any client would. Each step leaves what is there alone, so that a start that was cut
 * short goes on where it stopped.
 */
import { basename, join } from 'node:path';
import { demoFleet, type DemoFleet, type DemoGuest } from '#simulation';
import type { ApiClient } from '../api-client.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

type Connection = { readonly edges: readonly { readonly node: Named }[] };

const EXISTING = `{
  hosts(first: 500) { edges { node { id name } } }
  guests(first: 500) { edges { node { id name } } }
  traces(first: 500) { edges { node { id name } } }
}`;

/** True when the fleet holds nothing that the demo did not bring. */
export async function isOpenForDemo(api: ApiClient): Promise<boolean> {
  const { hosts } = await api.ask<{ hosts: Connection }>('{ hosts(first: 500) { edges { node { id name } } } }');
  const known = demoFleet().hosts.map((host) => host.name);
  return hosts.edges.every(({ node }) => known.includes(node.name));
}

/** `root`: the project's folder, which the sample traces lie in. */
export async function seedDemoFleet(api: ApiClient, root: string): Promise<void> {
  const fleet = demoFleet();
  const existing = await api.ask<{ hosts: Connection; guests: Connection; traces: Connection }>(EXISTING);
  const hostIds = await createHosts(api, fleet, idsOf(existing.hosts));
  const traceId = idsOf(existing.traces).get(fleet.trace.name) ?? (await importTrace(api, fleet, root));
  const guestIds = idsOf(existing.guests);
  for (const guest of fleet.guests) {
    const guestId =
      guestIds.get(guest.name) ?? (await createGuest(api, guest, hostIds.get(guest.hostName) ?? '', traceId));
    if (guest.balloonTargetBytes > 0) await setFirstTarget(api, guestId, guest.balloonTargetBytes);
  }
}

function idsOf(connection: Connection): Map<string, string> {
  return new Map(connection.edges.map(({ node }) => [node.name, node.id]));
}

async function createHosts(api: ApiClient, fleet: DemoFleet, known: Map<string, string>): Promise<Map<string, string>> {
  for (const { name, capacityBytes, reservedBytes } of fleet.hosts) {
    if (known.has(name)) continue;
    const { createHost } = await api.ask<{ createHost: { host: Named } }>(
      'mutation ($input: CreateHostInput!) { createHost(input: $input) { host { id name } } }',
      { input: { name, capacityBytes, reservedBytes } },
    );
    known.set(name, createHost.host.id);
  }
  return known;
}

async function importTrace(api: ApiClient, { trace }: DemoFleet, root: string): Promise<string> {
  // One file at a time would be many traces: the folder is one, and the API reads it itself.
  const folder = basename(join(root, trace.files[0] ?? '', '..'));
  const { importTrace: imported } = await api.ask<{ importTrace: { trace: Named } }>(
    'mutation ($input: ImportTraceInput!) { importTrace(input: $input) { trace { id name } } }',
    { input: { name: trace.name, format: trace.format, path: folder } },
  );
  return imported.trace.id;
}

async function createGuest(api: ApiClient, guest: DemoGuest, hostId: string, traceId: string): Promise<string> {
  const { createGuests } = await api.ask<{ createGuests: { guests: Named[] } }>(
    'mutation ($input: CreateGuestsInput!) { createGuests(input: $input) { guests { id name } } }',
    {
      input: {
        hostId,
        count: 1,
        name: guest.name,
        assignedBytes: guest.assignedBytes,
        minBytes: guest.minBytes,
        seed: guest.seed,
        workload: { kind: 'TRACE', traceId, vm: guest.workload.vm },
      },
    },
  );
  return createGuests.guests[0]?.id ?? '';
}

async function setFirstTarget(api: ApiClient, guestId: string, targetBytes: number): Promise<void> {
  await api.ask('mutation ($input: SetBalloonTargetInput!) { setBalloonTarget(input: $input) { operation { id } } }', {
    input: { guestId, targetBytes, idempotencyKey: 'demo' },
  });
}
