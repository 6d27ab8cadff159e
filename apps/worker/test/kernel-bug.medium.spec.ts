/** A guest whose memory is broken: its kernel stops, its operations fail with that reason, and the fleet goes on. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { Guest, IDLE_WORKLOAD } from '#guest';
import { balloonPageListDequeue } from '#memory-core';
import { Guests } from '#persistence';
import { MIB } from '#units';
import { AFleet } from './support/a-fleet.js';

jest.setTimeout(120_000);

let fleet: AFleet;
let broken: string;
let sound: string;

beforeAll(async () => {
  fleet = await AFleet.open();
  const worker = await fleet.startWorker().ready();
  [broken = '', sound = ''] = await fleet.createBornGuests(2, { kind: 'IDLE' });
  for (const id of [broken, sound]) await fleet.ended(await fleet.ask(id, 64));
  await worker.stop();
  await loseBalloonPages(broken);
  await fleet.startWorker().ready();
});

afterAll(() => fleet.drop());

/** Pages vanish from the frozen guest's balloon behind its driver's back. */
async function loseBalloonPages(guestId: string): Promise<void> {
  const newest = { where: { guestId }, orderBy: { tick: 'desc' } } as const;
  const frozen = await fleet.database.prisma.guestSnapshot.findFirstOrThrow(newest);
  const guest = Guest.restore(
    {
      assignedBytes: 512 * MIB,
      kernelProfile: '6.12',
      numaNodes: 1,
      ...DEFAULT_GUEST_FEATURES,
      workload: IDLE_WORKLOAD,
      seed: 0,
    },
    inflateRawSync(frozen.bytes),
  );
  balloonPageListDequeue(guest.memory, 0, new Int32Array(512), 512);
  await fleet.database.prisma.guestSnapshot.update({
    where: { guestId_tick: { guestId, tick: frozen.tick } },
    data: { digest: guest.digest(), bytes: deflateRawSync(guest.snapshot()) },
  });
}

describe('a guest whose kernel finds a bug', () => {
  it('ends its operation with what the kernel said, and is KERNEL_BUG for that reason', async () => {
    const operation = await fleet.ended(await fleet.ask(broken, 0));
    expect(operation).toMatchObject({ status: 'FAILED', outcome: 'REFUSED' });
    expect(operation.reason).toMatch(/^kernel BUG: balloon pages are lost/);
    await fleet.until('its state is stored', async () => (await guest(broken)).state === 'KERNEL_BUG');
    expect((await guest(broken)).stateReason).toBe(operation.reason);
  });

  it('fails whatever is asked of it afterwards for the same reason', async () => {
    const { stateReason } = await guest(broken);
    const works = [
      fleet.ask(broken, 128),
      fleet.perform(broken, { kind: 'COMPACT', node: null, zone: null, order: null, mode: 'SYNC' }),
      fleet.perform(broken, { kind: 'RESUME' }),
    ];
    for (const work of works) {
      expect(await fleet.ended(await work)).toMatchObject({ outcome: 'REFUSED', reason: stateReason });
    }
  });

  it('still shows what it left, and the rest of the fleet goes on', async () => {
    const question = { kind: 'PROCFS', file: 'MEMINFO' } as const;
    const answer = await fleet.queues.addAndWait('inspections', { version: 1, guestId: broken, question }, 10_000);
    expect(answer).toMatchObject({ kind: 'DONE' });
    expect(await fleet.ended(await fleet.ask(sound, 32))).toMatchObject({ outcome: 'REACHED' });
    expect(await guest(sound)).toMatchObject({ state: 'RUNNING', stateReason: null });
  });
});

async function guest(id: string) {
  const [found] = await new Guests(fleet.database).find([id]);
  if (found === undefined) throw new Error(`no guest ${id}`);
  return found;
}
