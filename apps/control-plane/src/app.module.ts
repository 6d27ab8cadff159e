import { JobsModule } from '#jobs';
import { Fleet, Guests, History, Hosts, Operations, Traces } from '#persistence';
import { requireDatabaseUrl, type Configuration } from '#platform';
import { Module, type DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { CONFIGURATION } from './configuration.js';
import { graphqlOptions } from './graphql-options.js';
import { GuestJobs } from './guest/guest-jobs.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { RequestMetrics } from './health/request-metrics.js';
import type { Questions } from './loaders.js';
import { OperationWork } from './operation/operation-work.js';
import { PersistenceModule } from './persistence.module.js';
import { RESOLVERS } from './resolvers.js';
import { FleetFeed } from './subscription/fleet-feed.js';

export const QUESTIONS = Symbol('questions to the database');

const questionsProvider = {
  provide: QUESTIONS,
  inject: [Fleet, Guests, History, Hosts, Operations, Traces],
  useFactory: (
    fleet: Fleet,
    guests: Guests,
    history: History,
    hosts: Hosts,
    operations: Operations,
    traces: Traces,
  ): Questions => ({
    fleet,
    guests,
    history,
    hosts,
    operations,
    traces,
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
          useFactory: (...parts: Parameters<typeof questionsProvider.useFactory>) =>
            graphqlOptions(questionsProvider.useFactory(...parts)),
        }),
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        questionsProvider,
        FleetFeed,
        GuestJobs,
        OperationWork,
        RequestMetrics,
        ...RESOLVERS,
      ],
    };
  }
}
