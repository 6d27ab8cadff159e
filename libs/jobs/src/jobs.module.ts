import { QUEUE_NAMES, type QueueName } from '#contracts';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown, Logger } from '@nestjs/common';
import type { ConnectionOptions, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { connectBackend, type QueueBackend } from './backend.js';
import { Queues } from './queues.js';

const CONNECTION = Symbol('connection of the queues');
/** Jobs in hand when the process ends get so long; they are deliveries and done in milliseconds. */
const DRAIN_MS = 5_000;

/** Gives `Queues`, on the backend it is told. */
@Module({})
export class JobsModule implements OnApplicationShutdown {
  constructor(
    private readonly queues: Queues,
    @Inject(CONNECTION) private readonly connection: ConnectionOptions,
  ) {}

  static forRoot(backend: QueueBackend): DynamicModule {
    const connection = connectBackend(backend);
    const log = new Logger('queues');
    return {
      module: JobsModule,
      imports: [BullModule.forRoot({ connection }), BullModule.registerQueue(...QUEUE_NAMES.map((name) => ({ name })))],
      providers: [
        { provide: CONNECTION, useValue: connection },
        {
          provide: Queues,
          inject: QUEUE_NAMES.map((name) => getQueueToken(name)),
          useFactory: (...queues: Queue[]) => {
            const byName = Object.fromEntries(QUEUE_NAMES.map((name, at) => [name, queues[at]]));
            return new Queues(byName as Record<QueueName, Queue>, connection, (error) => log.error(error.message));
          },
        },
      ],
      exports: [Queues],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queues.close(DRAIN_MS);
    // A client that was handed in is the caller's to close.
    if (this.connection instanceof Redis) this.connection.disconnect();
  }
}
