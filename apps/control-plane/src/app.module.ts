import { JobsModule } from '#jobs';
import { Database, Experiments, Fleet, Guests, History, Hosts, Operations, Rebalances, Traces } from '#persistence';
import { requireDatabaseUrl, type Configuration } from '#platform';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { CONFIGURATION } from './configuration.js';
import { GraphqlErrorFilter } from './errors/graphql-error.filter.js';
import { DownloadsController } from './experiment/downloads.controller.js';
import { ReportMaker } from './experiment/report-maker.js';
import { graphqlOptions } from './graphql-options.js';
import { GuestInspections } from './guest/guest-inspections.js';
import { GuestJobs } from './guest/guest-jobs.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { RequestMetrics } from './health/request-metrics.js';
import type { Questions } from './loaders.js';
import { OperationWork } from './operation/operation-work.js';
import { PersistenceModule } from './persistence.module.js';
import { RESOLVERS } from './resolvers.js';
import { FleetFeed } from './subscription/fleet-feed.js';
import { TraceLocator } from './trace/trace-locator.js';

export const QUESTIONS = Symbol('questions to the database');

/** The questions that loaders ask; they keep nothing, so a second set costs nothing. */
const questionsProvider = {
  provide: QUESTIONS,
  inject: [Database],
  useFactory: (database: Database): Questions => ({
    fleet: new Fleet(database),
    guests: new Guests(database),
    history: new History(database),
    hosts: new Hosts(database),
    operations: new Operations(database),
    experiments: new Experiments(database),
    rebalances: new Rebalances(database),
    traces: new Traces(database),
  }),
};

@Module({})
export class AppModule {
  static forConfiguration(configuration: Configuration): DynamicModule {
    const databaseUrl = requireDatabaseUrl(configuration);
    return {
      module: AppModule,
      imports: [
        PersistenceModule.forUrl(databaseUrl),
        JobsModule.forRoot({ redisUrl: configuration.redisUrl, databaseUrl }),
        GraphQLModule.forRootAsync({
          driver: MercuriusDriver,
          inject: questionsProvider.inject,
          useFactory: (database: Database) => graphqlOptions(questionsProvider.useFactory(database)),
        }),
      ],
      controllers: [DownloadsController, HealthController, MetricsController],
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: APP_FILTER, useClass: GraphqlErrorFilter },
        questionsProvider,
        FleetFeed,
        GuestInspections,
        GuestJobs,
        OperationWork,
        ReportMaker,
        RequestMetrics,
        TraceLocator,
        ...RESOLVERS,
      ],
    };
  }
}
