import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { Home, RunningBallast, freePort, startAndFail, type Ending } from './support/running-ballast.js';

jest.setTimeout(120_000);

/** One line for a person, no stack, and a code that scripts see. */
function expectOneLine({ code, errors }: Ending, saying: RegExp): void {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  expect(lines).toEqual([expect.stringMatching(saying)]);
  expect(code).toBeGreaterThan(0);
}

describe('a start that cannot be', () => {
  let home: Home;
  let database: TestDatabase;
  let stranger: Server;
  let strangerPort: number;

  beforeAll(async () => {
    home = new Home();
    database = await createTestDatabase();
    stranger = createServer((_, response) => response.end('not what you think')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    strangerPort = (stranger.address() as AddressInfo).port;
  });

  afterAll(async () => {
    stranger.close();
    await home.remove();
    await database.drop();
  });

  const fail = async (settings: Record<string, string>): Promise<Ending> => {
    const ending = await startAndFail(home, settings);
    await home.untilQuiet();
    return ending;
  };

  it('says that the port is taken', async () => {
    const ending = await fail({ PORT: String(strangerPort), DATABASE_URL: database.url });
    expectOneLine(ending, new RegExp(`PORT.*${strangerPort}.*(in use|taken)`, 'i'));
  });

  it('says that the home cannot be written to', async () => {
    const file = join(home.path, 'a-file');
    writeFileSync(file, '');
    expectOneLine(await fail({ BALLAST_HOME: join(file, 'below') }), /BALLAST_HOME.*a-file/);
  });

  it.each([
    ['that nobody answers', () => freePort().then((port) => `postgresql://ballast@127.0.0.1:${port}/ballast`)],
    ['that is no PostgreSQL', () => Promise.resolve(`postgresql://ballast@127.0.0.1:${strangerPort}/ballast`)],
    ['with a wrong password', () => Promise.resolve(database.url.replace(/:[^:@/]+@/, ':s3cret-guess@'))],
    ['of another scheme', () => Promise.resolve('mysql://127.0.0.1/ballast')],
  ])('names DATABASE_URL when it is one %s', async (_, url) => {
    const ending = await fail({ DATABASE_URL: await url() });
    expectOneLine(ending, /DATABASE_URL/);
    expect(ending.output + ending.errors).not.toContain('s3cret-guess');
  });

  it('names REDIS_URL when nobody answers there', async () => {
    const ending = await fail({ DATABASE_URL: database.url, REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expectOneLine(ending, /REDIS_URL/);
  });

  it('names every setting that it cannot use, at once', async () => {
    expectOneLine(
      await fail({ BALLAST_SPEED: 'fast', BALLAST_DEMO: 'yes' }),
      /BALLAST_DEMO.*BALLAST_SPEED|BALLAST_SPEED.*BALLAST_DEMO/,
    );
  });

  it('refuses to listen beyond this machine', async () => {
    expectOneLine(await fail({ HOST: '0.0.0.0' }), /HOST.*BALLAST_INSECURE=1/);
  });

  it('refuses a home in which another one runs, and leaves that one alone', async () => {
    const shared = new Home();
    const first = await RunningBallast.start(shared, {});
    try {
      expectOneLine(await startAndFail(shared, {}), /BALLAST_HOME|already/i);
      await expect(first.api.ask('{ fleet { hostCount } }')).resolves.toEqual({ fleet: { hostCount: 0 } });
    } finally {
      await first.interrupt();
      await shared.remove();
    }
  });
});
