import {
  Database,
  Experiments,
  Fleet,
  Guests,
  History,
  Hosts,
  Operations,
  RebalanceSchedules,
  Rebalances,
  Traces,
} from '#persistence';
import { Global, Module, type DynamicModule, type OnApplicationShutdown, type Type } from '@nestjs/common';

/** Connections to the database, for the pool and for Prisma each. */
const MAX_CONNECTIONS = 10;

const QUESTIONS: readonly Type[] = [
  Experiments,
  Fleet,
  Guests,
  History,
  Hosts,
  Operations,
  RebalanceSchedules,
  Rebalances,
  Traces,
];

/** The database and the questions to it, for every other module. */
@Global()
@Module({})
export class PersistenceModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  static forUrl(url: string): DynamicModule {
    return {
      module: PersistenceModule,
      providers: [
        { provide: Database, useFactory: () => Database.connect({ url, maxConnections: MAX_CONNECTIONS }) },
        ...QUESTIONS.map((question) => ({
          provide: question,
          inject: [Database],
          useFactory: (database: Database): unknown => new question(database),
        })),
      ],
      exports: [Database, ...QUESTIONS],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
