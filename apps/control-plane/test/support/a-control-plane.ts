import { loadConfiguration } from '#platform';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { createControlPlane } from '../../src/control-plane.js';

export interface RunningControlPlane {
  /** Of the GraphQL API. */
  readonly url: string;
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

/** The API process on a database of its own, without a worker. */
export async function aControlPlane(environment: Record<string, string> = {}): Promise<RunningControlPlane> {
  const database = await createTestDatabase();
  const configuration = loadConfiguration({ PORT: '0', DATABASE_URL: database.url, ...environment });
  const controlPlane = await createControlPlane(configuration, false);
  return {
    url: await controlPlane.listen(),
    databaseUrl: database.url,
    async stop() {
      await controlPlane.close();
      await database.drop();
    },
  };
}
