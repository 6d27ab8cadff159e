import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.js';
import { GIB, MIB, createGuests, createHost, ended, readGuest, readTick, request } from './support/fleet.js';
import { Home, RunningBallast } from './support/running-ballast.js';

jest.setTimeout(180_000);

describe('a fleet that loses one of its processes', () => {
  let home: Home;
  let ballast: RunningBallast;

  const pidOf = (part: string): number => {
    const found = home.processes().find(({ text }) => text.includes(part));
    if (found === undefined) throw new Error(`no process runs ${part}`);
    return found.pid;
  };
  const loseAndRegain = async (part: string): Promise<void> => {
    const lost = pidOf(part);
    process.kill(lost, 'SIGKILL');
    await eventually(
      () => home.processes().filter(({ pid, text }) => pid !== lost && text.includes(part)).length,
      (count) => count === 1,
    );
  };

  beforeEach(async () => {
    home = new Home();
    ballast = await RunningBallast.start(home, { BALLAST_SPEED: '5' });
  });

  afterEach(async () => {
    await home.remove();
  });

  it('has its worker back, with every guest and the operations in hand', async () => {
    const { api } = ballast;
    const hostId = await createHost(api, 'lossy', 8 * GIB);
    const [guestId = ''] = await createGuests(api, hostId, 1 * GIB);
    const operation = await request(api, 'inflate', { guestId, bytes: 300 * MIB });
    await loseAndRegain('apps/worker/src/main.js');
    expect(await ended(api, operation.id)).toMatchObject({ outcome: 'REACHED', achievedBytes: 300 * MIB });
    expect((await readGuest(api, guestId)).state).toBe('RUNNING');
    await ballast.interrupt();
  });

  it('has its API back while the guests go on', async () => {
    const { api } = ballast;
    const tick = await readTick(api);
    await loseAndRegain('apps/control-plane/src/main.js');
    const now = await eventually(
      () => readTick(api).catch(() => -1),
      (seen) => seen > tick,
    );
    expect(now).toBeGreaterThan(tick);
    await ballast.interrupt();
  });

  it('ends, saying why, when it loses the database it brought', async () => {
    process.kill(
      Number(readFileSync(join(home.path, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGKILL',
    );
    const ending = await ballast.untilEnd();
    expect(ending.errors).toMatch(/PostgreSQL/);
    expect(ending.code).toBeGreaterThan(0);
  });
});
