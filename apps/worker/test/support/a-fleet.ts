/** A fleet to run workers on: its database, its queue, and what a control plane would do to them. */
import { NestFactory } from '@nestjs/core';
import { DEFAULT_GUEST_FEATURES, type GuestWork, type WorkloadSpec } from '#contracts';
import { JobsModule, Queues } from '#jobs';
import { Database, Guests, Hosts, Operations, type OperationRecord } from '#persistence';
import { MIB } from '#units';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { WorkerProcess } from './worker-process.js';

const BUSY: WorkloadSpec = { kind: 'SYNTHETIC', meanRatio: 0.3, swingRatio: 0.2, periodMs: 60_000 };
const PATIENCE_MS = 30_000;

export interface Latest {
  readonly tick: number;
  readonly stateDigest: string;
  readonly balloonBytes: number;
}

export class AFleet {
  readonly #workers: WorkerProcess[] = [];

  private constructor(
    readonly url: string,
    readonly database: Database,
    readonly queues: Queues,
    private readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<AFleet> {
    const made = await createTestDatabase();
    const database = await Database.connect({ url: made.url, maxConnections: 6 });
    const backend = { redisUrl: undefined, databaseUrl: made.url };
    const queueApp = await NestFactory.createApplicationContext(JobsModule.forRoot(backend), { logger: false });
    const fleet = new AFleet(made.url, database, queueApp.get(Queues), async () => {
      await queueApp.close();
      await database.close();
      await made.drop();
    });
    await fleet.setSpeed(5);
    return fleet;
  }

  /** Also ends the workers that a failed test left. */
  async drop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.close();
  }

  startWorker(settings: Readonly<Record<string, string>> = {}): WorkerProcess {
    const worker = new WorkerProcess(this.url, settings);
    this.#workers.push(worker);
    return worker;
  }

  async setSpeed(speed: number): Promise<void> {
    await this.database.pool.query('UPDATE fleet_clock SET speed = $1', [speed]);
    await this.database.pool.query(`SELECT pg_notify('ballast_clock', $1)`, [JSON.stringify({ speed })]);
  }

  async createGuests(count: number, workload = BUSY): Promise<string[]> {
    const host = await new Hosts(this.database).create({
      name: `host-${Date.now()}`,
      capacityBytes: 64 * 1024 * MIB,
      reservedBytes: 0,
      swapBytes: 0,
      policy: 'none',
      parameters: {},
    });
    const draft = {
      naming: { prefix: 'guest' },
      assignedBytes: 512 * MIB,
      minBytes: 128 * MIB,
      maxBytes: 512 * MIB,
      shares: 1000,
      kernelProfile: '6.12',
      numaNodes: 1,
      features: DEFAULT_GUEST_FEATURES,
      workload,
    } as const;
    const drafts = Array.from({ length: count }, (_, seed) => ({ ...draft, seed }));
    const guests = await new Guests(this.database).create(host.id, drafts, () => undefined);
    await Promise.all(guests.map(({ id }) => this.queues.add('guests', { version: 1, guestId: id })));
    return guests.map(({ id }) => id);
  }

  async createBornGuests(count: number, workload = BUSY): Promise<string[]> {
    const guestIds = await this.createGuests(count, workload);
    await this.until('all guests are born', async () => (await this.latest(guestIds)).length === count);
    return guestIds;
  }

  /** Acknowledges an operation; `isTold`: and brings it to the queue. */
  async ask(guestId: string, targetMib: number, isTold = true): Promise<string> {
    const { operationId } = await new Operations(this.database).acknowledge({
      guestId,
      kind: 'SET_BALLOON_TARGET',
      bytes: targetMib * MIB,
      timeoutMs: null,
      requestedBy: 'test',
      idempotencyKey: null,
    });
    if (isTold) await this.tell(guestId, operationId);
    return operationId;
  }

  /** The same for work other than the balloon's. */
  async perform(guestId: string, work: GuestWork, timeoutMs: number | null = null): Promise<string> {
    const frame = { guestId, timeoutMs, requestedBy: 'test', idempotencyKey: null };
    const { operationId } = await new Operations(this.database).acknowledge({ ...frame, kind: work.kind, work });
    await this.tell(guestId, operationId);
    return operationId;
  }

  tell(guestId: string, operationId: string): Promise<void> {
    return this.queues.add('operations', { version: 1, operationId, guestId });
  }

  async operation(id: string): Promise<OperationRecord> {
    const [operation] = await new Operations(this.database).find([id]);
    if (operation === undefined) throw new Error(`no operation ${id}`);
    return operation;
  }

  async ended(id: string): Promise<OperationRecord> {
    await this.until(`operation ${id} has ended`, async () => (await this.operation(id)).outcome !== null);
    return this.operation(id);
  }

  async tick(): Promise<number> {
    return Number((await this.database.prisma.shard.findFirstOrThrow()).tick);
  }

  async ticksPass(count: number): Promise<void> {
    const from = await this.tick();
    await this.until(`${count} ticks have passed`, async () => (await this.tick()) >= from + count);
  }

  async latest(guestIds: readonly string[]): Promise<Latest[]> {
    const rows = await this.database.prisma.guestLatest.findMany({
      where: { guestId: { in: [...guestIds] } },
      orderBy: { guestId: 'asc' },
    });
    return rows.map((row) => ({
      tick: Number(row.tick),
      stateDigest: row.stateDigest,
      balloonBytes: Number(row.balloonActualBytes),
    }));
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (Date.now() > deadlineMs) throw new Error(`waited in vain until ${what}; ${this.#outputs()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #outputs(): string {
    return this.#workers.map((worker) => worker.output).join('\n---\n');
  }
}
