/** Boots guests and answers questions in a worker's place: a sample for each guest, no simulation. */
import { MEMORY_METRICS } from '#contracts';
import { JobsModule, Queues } from '#jobs';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';

export async function aStandInWorker(databaseUrl: string): Promise<{ stop(): Promise<void> }> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const application = await NestFactory.createApplicationContext(
    JobsModule.forRoot({ redisUrl: undefined, databaseUrl }),
    { logger: false, abortOnError: false },
  );
  application.get(Queues).process({
    operations: () => Promise.resolve(null),
    guests: ({ guestId }) => sample(client, guestId, 1),
    inspections: ({ question }) =>
      Promise.resolve(
        question.kind === 'PROCFS'
          ? { tick: 1, text: `${question.file} of the guest` }
          : { tick: 1, pagesPerCell: 512, cells: Array.from({ length: question.columns }, () => [1, 0, 0, 0, 0, 0]) },
      ),
    rebalances: () => Promise.resolve(null),
  });
  return {
    async stop() {
      await application.close();
      await client.end();
    },
  };
}

/** Stores a newest sample and tells of it, as the commit of a step does. */
export async function sample(client: Client, guestId: string, tick: number): Promise<null> {
  const columns = MEMORY_METRICS.map((metric) => metric.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  await client.query(
    `INSERT INTO guest_latest (guest_id, tick, sampled_at, balloon_state, isolated_pages, zones, vmstat, state_digest, ${columns.join(', ')})
     VALUES ($1, $2, now(), 'IDLE', 0, $3, '[["balloon_inflate", 7]]', '', ${columns.map((_, at) => at).join(', ')})
     ON CONFLICT (guest_id) DO UPDATE SET tick = excluded.tick, sampled_at = excluded.sampled_at`,
    [guestId, tick, JSON.stringify([ZONE])],
  );
  await client.query(`SELECT pg_notify('ballast_sampled', $1)`, [JSON.stringify({ tick })]);
  return null;
}

const ZONE = {
  node: 0,
  name: 'Normal',
  managedPages: 1000,
  freePages: 10,
  watermarks: { minPages: 1, lowPages: 2, highPages: 3 },
  freeBlocks: [10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  fragmentationIndex: [-1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
  unusableIndex: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  pageblocks: [{ migratetype: 'MOVABLE', count: 2 }],
};
