/** `ballast up`: a whole fleet on one machine, and its orderly end. */
import { join } from 'node:path';
import { Database, Fleet, migrateDatabase } from '#persistence';
import type { Configuration } from '#platform';
import { freePort } from '../free-port.js';
import { LaunchError } from '../launch-error.js';
import { EmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { PROJECT_ROOT } from '../project-root.js';
import { ApiClient } from '../api-client.js';
import { greeting } from './greeting.js';
import { Home } from './home.js';
import { Part } from './part.js';
import { preflight } from './preflight.js';
import { isOpenForDemo, seedDemoFleet } from './seed-demo-fleet.js';

const DIST = join(PROJECT_ROOT, 'dist', 'apps');
const DEMO_MARK = 'demo-seeded';

export class Launcher {
  #home: Home | undefined;
  #postgres: EmbeddedPostgres | undefined;
  #parts: Part[] = [];
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly configuration: Configuration,
    private readonly say: (line: string) => void,
  ) {}

  /** Starts everything, then watches over it: rejects with LaunchError when something cannot go on. */
  async run(): Promise<never> {
    const { configuration } = this;
    if (configuration.isExposed) this.say(`Warning: listening on ${configuration.host} without access control.`);
    this.#home = Home.take(configuration.homeDir);
    await this.#home.untilLeft(this.say);
    await preflight(configuration);
    const port = configuration.port === 0 ? await freePort(configuration.host) : configuration.port;
    const databaseUrl = configuration.databaseUrl ?? (await this.#startPostgres(this.#home));
    await migrateDatabase(databaseUrl, join(PROJECT_ROOT, 'prisma', 'migrations'));
    if (configuration.speed !== undefined) await setClockSpeed(databaseUrl, configuration.speed);
    const worker = this.#part('worker', databaseUrl, port);
    const controlPlane = this.#part('control-plane', databaseUrl, port);
    this.#parts = [worker, controlPlane];
    await Promise.all([worker.start(), controlPlane.start()]);
    const api = new ApiClient(`http://${hostForUrl(configuration.host)}:${port}/graphql`);
    const isDemo = configuration.withDemoFleet && (await this.#seed(api, this.#home));
    this.say(greeting(api.url, join(configuration.homeDir, 'logs'), isDemo));
    return Promise.race([worker.watch(), controlPlane.watch(), this.#databaseEnd()]);
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  /** Stops what was started, in order: the API first, the database last. Asking again waits for the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    if (this.#parts.length > 0) this.say('Stopping: every guest is stored first.');
    for (const part of this.#parts) part.expectEnd();
    const [worker, controlPlane] = this.#parts;
    await controlPlane?.stop();
    await worker?.stop();
    await this.#postgres?.stop();
    this.#home?.leave();
  }

  async #startPostgres(home: Home): Promise<string> {
    this.#postgres = await EmbeddedPostgres.start({ folder: home.postgresFolder, isDurable: true });
    this.#noteProcesses();
    return this.#postgres.url;
  }

  #databaseEnd(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#postgres?.onEnd((reason) => reject(new LaunchError(reason)));
    });
  }

  #part(name: string, databaseUrl: string, port: number): Part {
    const logFile = this.#home?.logFile(name) ?? name;
    return new Part({
      name,
      entry: join(DIST, name, 'src', 'main.js'),
      environment: {
        ...process.env,
        PORT: String(port),
        DATABASE_URL: databaseUrl,
        BALLAST_TRACE_DIR: this.configuration.traceDir,
      },
      logFile,
      onProcess: () => this.#noteProcesses(),
      onFall: (cause) => this.say(`The ${name} ended unasked (${cause}) and is started again; its log: ${logFile}`),
    });
  }

  /** Should this process be killed: the database outlives the parts, which still save, and the next launcher waits for all of them. */
  #noteProcesses(): void {
    const parts = this.#parts.flatMap((part) => part.pid ?? []);
    this.#postgres?.outlive(parts);
    this.#home?.note([...parts, this.#postgres?.pid ?? []].flat());
  }

  /** Seeds the demo fleet the first time; true when the fleet is the demo's. */
  async #seed(api: ApiClient, home: Home): Promise<boolean> {
    if (home.has(DEMO_MARK)) return true;
    if (!(await isOpenForDemo(api))) return false;
    this.say('Seeding the demo fleet …');
    await seedDemoFleet(api, PROJECT_ROOT);
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
