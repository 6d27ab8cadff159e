import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotificationListener } from '../src/notifications.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const LISTENS = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`;

let listener: NotificationListener | undefined;
afterEach(() => listener?.close());

describe('a listener', () => {
  it('hears once of each notification, also after its connection was cut again and again', async () => {
    const heard: number[] = [];
    listener = await NotificationListener.open(database().url, (_topic, payload) => {
      if ('tick' in payload) heard.push(payload.tick);
    });
    for (let cut = 1; cut <= 3; cut++) {
      await cutOff();
      await sendUntilHeard(heard, cut);
    }
    expect(await listening()).toHaveLength(1);
    expect(heard).toEqual([1, 2, 3]);
  });

  it('goes on after a notification that is no object', async () => {
    const heard: number[] = [];
    listener = await NotificationListener.open(database().url, (_topic, payload) => {
      if ('tick' in payload) heard.push(payload.tick);
    });
    for (const garbled of ['{', '7', 'null', '']) {
      await database().pool.query('SELECT pg_notify($1, $2)', ['ballast_sampled', garbled]);
    }
    await sendUntilHeard(heard, 5);
    expect(heard).toEqual([5]);
  });

  it('that was closed while its connection was away does not come back', async () => {
    listener = await NotificationListener.open(database().url, () => undefined);
    await cutOff();
    await listener.close();
    await sleep(700);
    expect(await listening()).toEqual([]);
  });
});

async function listening(): Promise<number[]> {
  const { rows } = await database().pool.query<{ pid: number }>(LISTENS);
  return rows.map(({ pid }) => pid);
}

async function cutOff(): Promise<void> {
  const pids = await listening();
  await database().pool.query('SELECT pg_terminate_backend(pid, 5000) FROM unnest($1::int[]) AS gone(pid)', [pids]);
}

/** What is sent while nobody listens is lost, so it is sent once somebody does. */
async function sendUntilHeard(heard: readonly number[], tick: number): Promise<void> {
  while ((await listening()).length === 0) await sleep(20);
  // A second connection would come in the same moment.
  await sleep(200);
  await database().pool.query('SELECT pg_notify($1, $2)', ['ballast_sampled', JSON.stringify({ tick })]);
  while (!heard.includes(tick)) await sleep(20);
  await sleep(50);
}
