/** `ballast up`: a whole fleet on one machine, and its orderly end. */
import { join } from 'node:path';
import { Database, Fleet, migrateDatabase } from '#persistence';
import type { Configuration } from '#platform';
import { LaunchError } from '../launch-error.js';
import { EmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { ApiClient } from './api-client.js';
import { greeting } from './greeting.js';
import { Home } from './home.js';
import { Part } from './part.js';
import { preflight } from './preflight.js';
import { isOpenForDemo, seedDemoFleet } from './seed-demo-fleet.js';

/** dist/apps/cli/src/up → the project's folder. */
const ROOT = join(import.meta.dirname, '..', '..', '..', '..', '..');
const DIST = join(ROOT, 'dist', 'apps');
const DEMO_MARK = 'demo-seeded';

export class Launcher {
  #home: Home | undefined;
  #postgres: EmbeddedPostgres | undefined;
  #parts: Part[] = [];
  #isStopping = false;

  constructor(
    private readonly configuration: Configuration,
    private readonly say: (line: string) => void,
  ) {}

  /** Starts everything, then watches over it: rejects with LaunchError when something cannot go on. */
  async run(): Promise<never> {
    const { configuration } = this;
    if (configuration.isExposed) this.say(`Warning: listening on ${configuration.host} without access control.`);
    await preflight(configuration);
    this.#home = Home.take(configuration.homeDir);
    const databaseUrl = configuration.databaseUrl ?? (await this.#startPostgres(this.#home));
    await migrateDatabase(databaseUrl, join(ROOT, 'prisma', 'migrations'));
    if (configuration.speed !== undefined) await setClockSpeed(databaseUrl, configuration.speed);
    const worker = this.#part('worker', databaseUrl);
    const controlPlane = this.#part('control-plane', databaseUrl);
    this.#parts = [worker, controlPlane];
    await Promise.all([worker.start(), controlPlane.start()]);
    const api = new ApiClient(`http://${hostForUrl(configuration.host)}:${configuration.port}/graphql`);
    const isDemo = configuration.withDemoFleet && (await this.#seed(api, this.#home));
    this.say(greeting(api.url, join(configuration.homeDir, 'logs'), isDemo));
    return Promise.race([worker.watch(), controlPlane.watch(), this.#databaseEnd()]);
  }

  /** Stops what was started, in order: the API first, the database last. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const part of this.#parts) part.expectEnd();
    const [worker, controlPlane] = this.#parts;
    await controlPlane?.stop();
    await worker?.stop();
    await this.#postgres?.stop();
    this.#home?.leave();
  }

  async #startPostgres(home: Home): Promise<string> {
    this.#postgres = await EmbeddedPostgres.start({ folder: home.postgresFolder, isDurable: true });
    return this.#postgres.url;
  }

  #databaseEnd(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#postgres?.onEnd((reason) => reject(new LaunchError(reason)));
    });
  }

  #part(name: string, databaseUrl: string): Part {
    return new Part({
      name,
      entry: join(DIST, name, 'src', 'main.js'),
      environment: { ...process.env, DATABASE_URL: databaseUrl, BALLAST_TRACE_DIR: this.configuration.traceDir },
      logFile: this.#home?.logFile(name) ?? name,
      // Should this process die, the database outlives the parts, which still write their last snapshots.
      onProcess: () => this.#postgres?.outlive(this.#parts.flatMap((part) => part.pid ?? [])),
    });
  }

  /** Seeds the demo fleet the first time; true when the fleet is the demo's. */
  async #seed(api: ApiClient, home: Home): Promise<boolean> {
    if (home.has(DEMO_MARK)) return true;
    if (!(await isOpenForDemo(api))) return false;
    this.say('Seeding the demo fleet …');
    await seedDemoFleet(api, ROOT);
    home.mark(DEMO_MARK);
    return true;
  }
}

async function setClockSpeed(url: string, speed: number): Promise<void> {
  const database = await Database.connect({ url, maxConnections: 1 });
  await new Fleet(database).setSpeed(speed);
  await database.close();
}

function hostForUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
