import { Module, type DynamicModule } from '@nestjs/common';
import { JobsModule, Queues } from '#jobs';
import { Database } from '#persistence';
import { requireDatabaseUrl, type Configuration } from '#platform';
import { WorkerService } from './worker.service.js';

@Module({})
export class WorkerModule {
  static forRoot(configuration: Configuration, database: Database): DynamicModule {
    const backend = { redisUrl: configuration.redisUrl, databaseUrl: requireDatabaseUrl(configuration) };
    return {
      module: WorkerModule,
      imports: [JobsModule.forRoot(backend)],
      providers: [
        {
          provide: WorkerService,
          inject: [Queues],
          useFactory: (queues: Queues) => new WorkerService(configuration, database, queues),
        },
      ],
    };
  }
}
