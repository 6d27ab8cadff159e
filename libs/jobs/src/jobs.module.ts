import { QUEUE_NAMES, type QueueName } from '#contracts';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import {
  Inject,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Queue } from 'bullmq';
import { connectBackend, type BackendConnection, type QueueBackend } from './backend.js';
import { Queues } from './queues.js';

/** Jobs in hand when the process ends get so long; they are deliveries and done in milliseconds. */
const DRAIN_MS = 5_000;

const CONNECTION = Symbol('connection of the queues');

/** Gives `Queues` on the backend it is told; the application does not come up when that does not answer. */
@Module({})
export class JobsModule implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly queues: Queues,
    @Inject(CONNECTION) private readonly connection: BackendConnection,
  ) {}

  static forRoot(backend: QueueBackend): DynamicModule {
    const log = new Logger('queues');
    const onError = (error: Error): void => log.error(error.message);
    const connection = connectBackend(backend, onError);
    const { options } = connection;
    return {
      module: JobsModule,
      imports: [
        BullModule.forRoot({ connection: options }),
        BullModule.registerQueue(...QUEUE_NAMES.map((name) => ({ name }))),
      ],
      providers: [
        { provide: CONNECTION, useValue: connection },
        {
          provide: Queues,
          inject: QUEUE_NAMES.map((name) => getQueueToken(name)),
          useFactory: (...queues: Queue[]) => {
            const byName = Object.fromEntries(QUEUE_NAMES.map((name, at) => [name, queues[at]]));
            return new Queues(byName as Record<QueueName, Queue>, options, onError);
          },
        },
      ],
      exports: [Queues],
    };
  }

  async onModuleInit(): Promise<void> {
    try {
      await this.connection.check();
      await this.queues.waitUntilReady();
    } catch (error) {
      // An application that does not come up is not shut down either, and the clients would try for ever.
      this.connection.disconnect();
      await this.queues.close(DRAIN_MS);
      throw error;
    }
  }

  /** Before @nestjs/bullmq closes the queues itself, which knows no limit. */
  beforeApplicationShutdown(): Promise<void> {
    return this.queues.close(DRAIN_MS);
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }
}
