import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ApiClient } from './support/api-client.js';
import { backendsFor } from './support/backends.js';
import {
  GIB,
  MIB,
  balloonAt,
  createGuests,
  createHost,
  ended,
  pause,
  readGuest,
  readLiveMemory,
  readOperation,
  readTick,
  request,
  setClockSpeed,
  type GuestView,
  type Operation,
} from './support/fleet.js';
import { Home, RunningBallast } from './support/running-ballast.js';

jest.setTimeout(240_000);

/** A fleet goes on at the speed that it was left at. */
const SPEED = 5;

/** Ways to end, from the polite to the rude. */
const ENDINGS: readonly (readonly [name: string, end: (ballast: RunningBallast) => Promise<unknown>])[] = [
  ['Ctrl-C', (ballast) => ballast.interrupt()],
  ['kill -9 of the launcher', (ballast) => ballast.killLauncher()],
  ['kill -9 of everything', (ballast) => ballast.killEverything()],
];

interface Memory {
  readonly stored: GuestView;
  readonly live: Record<string, string>;
}

async function readAll(api: ApiClient, guestIds: readonly string[]): Promise<Memory[]> {
  return Promise.all(
    guestIds.map(async (id) => ({ stored: await readGuest(api, id), live: await readLiveMemory(api, id) })),
  );
}

describe.each(backendsFor('restart'))(
  'a fleet that was ended and started again, its work queued on $name',
  (backend) => {
    let home: Home;
    let ballast: RunningBallast;
    let guestIds: string[];

    const startAgain = async (): Promise<void> => {
      ballast = await RunningBallast.start(home, backend.settings);
    };

    beforeAll(async () => {
      home = new Home();
      await startAgain();
      const hostId = await createHost(ballast.api, 'lasting', 64 * GIB);
      const idle = await createGuests(ballast.api, hostId, 1 * GIB, { namePrefix: 'idle', count: 2 });
      const busy = await createGuests(ballast.api, hostId, 1 * GIB, {
        namePrefix: 'busy',
        seed: 7,
        workload: { kind: 'SYNTHETIC', meanRatio: 0.3, swingRatio: 0.2, period: '1m' },
      });
      guestIds = [...idle, ...busy];
      const [first = ''] = guestIds;
      await ended(ballast.api, (await request(ballast.api, 'inflate', { guestId: first, bytes: 128 * MIB })).id);
    });

    afterAll(async () => {
      await home.remove();
    });

    it.each(ENDINGS)('has every guest back, page for page, after %s', async (_, end) => {
      const tick = await pause(ballast.api);
      const before = await readAll(ballast.api, guestIds);
      await end(ballast);

      await startAgain();
      expect(await readTick(ballast.api)).toBe(tick);
      expect(await readAll(ballast.api, guestIds)).toEqual(before);
      await setClockSpeed(ballast.api, SPEED);
    });

    it.each(ENDINGS)('has lost no acknowledged operation after %s in the midst of them', async (_, end) => {
      const sizes = [96, 160, 224, 32].map((mib) => mib * MIB);
      const acknowledged: Operation[] = [];
      for (const targetBytes of sizes) {
        const wave = guestIds.map((guestId) => request(ballast.api, 'setBalloonTarget', { guestId, targetBytes }));
        acknowledged.push(...(await Promise.all(wave)));
      }
      const tick = await readTick(ballast.api);
      await end(ballast);

      await startAgain();
      expect(await readTick(ballast.api)).toBeGreaterThanOrEqual(tick);
      for (const { id } of acknowledged) {
        expect((await ended(ballast.api, id)).outcome).toMatch(/^(REACHED|SUPERSEDED)$/);
      }
      const last = acknowledged.slice(-guestIds.length);
      for (const [at, { id }] of last.entries()) {
        expect((await readOperation(ballast.api, id)).outcome).toBe('REACHED');
        const guest = await balloonAt(ballast.api, guestIds[at]!, 32 * MIB);
        expect(guest.state).toBe('RUNNING');
      }
    });

    it('leaves nothing running after Ctrl-C, and ends well', async () => {
      const ending = await ballast.interrupt();
      expect(ending).toMatchObject({ code: 0, signal: null });
      expect(home.processes()).toEqual([]);
    });
  },
);
