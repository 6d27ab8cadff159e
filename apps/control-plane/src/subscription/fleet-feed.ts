/**
 * What happens in the fleet, for subscribers. Notifications of PostgreSQL carry ids only; rows are read once for all
 * subscribers, and only when there is one.
 */
import type { Topic, TopicPayloads } from '#contracts';
import {
  Database,
  Experiments,
  Fleet,
  Guests,
  Hosts,
  NotificationListener,
  Operations,
  type ExperimentRecord,
  type GuestRecord,
  type HostRecord,
  type LatestSample,
  type OperationRecord,
} from '#persistence';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Broadcast } from './broadcast.js';
import { latestOnly } from './latest-only.js';

export interface MemorySampled {
  readonly guest: GuestRecord;
  readonly sample: LatestSample;
}

@Injectable()
export class FleetFeed implements OnModuleInit, OnApplicationShutdown {
  readonly samples = new Broadcast<'memorySampled', MemorySampled>('memorySampled');
  readonly operations = new Broadcast<'operationUpdated', OperationRecord>('operationUpdated');
  readonly hosts = new Broadcast<'hostStateChanged', HostRecord>('hostStateChanged');
  readonly experiments = new Broadcast<'experimentProgressed', ExperimentRecord>('experimentProgressed');
  readonly #log = new Logger('feed');
  #listener: NotificationListener | undefined;
  /** Samples before this tick were sent, and at it those of these guests: a guest may be born at a tick that was sent already. */
  #sentTick = 0;
  #sentGuests: ReadonlySet<string> = new Set();
  readonly #changedOperations = new Set<string>();
  readonly #changedHosts = new Set<string>();
  readonly #changedExperiments = new Set<string>();
  readonly #sendSamples = latestOnly(() => this.#guarded(() => this.#readSamples()));
  readonly #sendOperations = latestOnly(() => this.#guarded(() => this.#readOperations()));
  readonly #sendHosts = latestOnly(() => this.#guarded(() => this.#readHosts()));
  readonly #sendExperiments = latestOnly(() => this.#guarded(() => this.#readExperiments()));

  constructor(
    private readonly database: Database,
    private readonly fleetQuestions: Fleet,
    private readonly guestQuestions: Guests,
    private readonly hostQuestions: Hosts,
    private readonly operationQuestions: Operations,
    private readonly experimentQuestions: Experiments,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#sentTick = (await this.fleetQuestions.clock()).tick;
    this.#listener = await NotificationListener.open(this.database.url, (topic, payload) => this.#hear(topic, payload));
  }

  async onApplicationShutdown(): Promise<void> {
    for (const broadcast of [this.samples, this.operations, this.hosts, this.experiments]) broadcast.close();
    await this.#listener?.close();
  }

  #hear<Name extends Topic>(topic: Name, payload: TopicPayloads[Name]): void {
    if (topic === 'ballast_sampled') this.#sendSamples();
    if ('operationId' in payload) {
      this.#changedOperations.add(payload.operationId);
      this.#sendOperations();
    }
    if ('hostId' in payload) {
      this.#changedHosts.add(payload.hostId);
      this.#sendHosts();
    }
    if ('experimentId' in payload) {
      this.#changedExperiments.add(payload.experimentId);
      this.#sendExperiments();
    }
  }

  async #readSamples(): Promise<void> {
    if (!this.samples.isHeard) {
      this.#sentTick = Math.max(this.#sentTick, (await this.fleetQuestions.clock()).tick);
      return;
    }
    const newest = await this.guestQuestions.latestSince(this.#sentTick);
    const samples = newest.filter(({ guestId, tick }) => tick > this.#sentTick || !this.#sentGuests.has(guestId));
    const guests = await this.guestQuestions.find(samples.map((sample) => sample.guestId));
    const byId = new Map(guests.map((guest) => [guest.id, guest]));
    this.#sentTick = newest.reduce((tick, sample) => Math.max(tick, sample.tick), this.#sentTick);
    this.#sentGuests = new Set(newest.filter(({ tick }) => tick === this.#sentTick).map(({ guestId }) => guestId));
    this.samples.send(
      samples.flatMap((sample) => {
        const guest = byId.get(sample.guestId);
        return guest === undefined || guest.state === 'DELETED' ? [] : [{ guest, sample }];
      }),
    );
  }

  async #readOperations(): Promise<void> {
    const ids = [...this.#changedOperations];
    this.#changedOperations.clear();
    if (this.operations.isHeard) this.operations.send(await this.operationQuestions.find(ids));
  }

  async #readHosts(): Promise<void> {
    const ids = [...this.#changedHosts];
    this.#changedHosts.clear();
    if (this.hosts.isHeard) this.hosts.send(await this.hostQuestions.find(ids));
  }

  async #readExperiments(): Promise<void> {
    const ids = [...this.#changedExperiments];
    this.#changedExperiments.clear();
    if (this.experiments.isHeard) this.experiments.send(await this.experimentQuestions.find(ids));
  }

  /** A look that fails costs its events; the next one comes with the next change. */
  async #guarded(look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#log.warn(`events were lost: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
