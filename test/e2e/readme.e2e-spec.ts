import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandsOf, fencedBlocks } from './support/markdown.js';
import { Home, RunningBallast, START_SCRIPT } from './support/running-ballast.js';

jest.setTimeout(240_000);

const PAGES = ['README.md', 'docs/operations.md'];
const COMMANDS = PAGES.flatMap(fencedBlocks)
  .filter(({ language }) => language === 'sh')
  .flatMap(commandsOf);
const QUERIES = PAGES.flatMap((page) => {
  const blocks = fencedBlocks(page);
  return blocks.flatMap(({ language, text, line }, at) => {
    if (language !== 'graphql') return [];
    /** The answer that the page prints below the query. */
    const shown = blocks[at + 1]?.language === 'json' ? blocks[at + 1]?.text : undefined;
    return [{ where: `${page}:${line}`, text, shown }];
  });
});

/** Names and kinds of an answer's fields; of a list, of its first element. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

describe('the README and the page on operations', () => {
  let home: Home;
  let ballast: RunningBallast;

  beforeAll(async () => {
    home = new Home();
    ballast = await RunningBallast.start(home, { BALLAST_DEMO: '1' }, START_SCRIPT);
  });

  afterAll(async () => {
    await ballast.interrupt();
    await home.remove();
  });

  it.each(COMMANDS)('tell a command that works: %s', (command) => {
    const script = /^npm (?:run )?(\S+)$/.exec(command)?.[1];
    if (script !== undefined) {
      // `npm start` runs above, `npm test` runs this; the others are scripts too.
      const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
      expect(Object.keys(scripts)).toContain(script);
      expect(scripts['start']).toBe(
        `node scripts/${START_SCRIPT[1]?.split('/').at(-1) ?? ''} ${START_SCRIPT[2] ?? ''}`,
      );
      return;
    }
    if (/^(git clone|cd|docker compose)\b/.test(command)) return; // needs the network or an engine
    const { port } = new URL(ballast.api.url);
    const done = spawnSync('sh', ['-c', command.replaceAll(/(localhost|127\.0\.0\.1):3000/g, `127.0.0.1:${port}`)], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(`${done.status}\n${done.stderr}`).toMatch(/^0\n/);
    expect(done.stdout).not.toContain('"errors"');
  });

  it('have a first query with its answer', () => {
    expect(QUERIES[0]?.shown).toContain('"data"');
  });

  it.each(QUERIES)('tell a query that has the answer it shows: $where', async ({ text, shown }) => {
    const data = await ballast.api.ask(text);
    if (shown === undefined) return;
    const printed = JSON.parse(shown) as { data?: unknown };
    expect(shapeOf(data)).toEqual(shapeOf(printed.data ?? printed));
  });

  it('name every setting that the code reads, and no other', () => {
    const code = readFileSync('libs/platform/src/configuration.ts', 'utf8');
    const read = [...code.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map((match) => match[1]);
    const told = [...readFileSync('README.md', 'utf8').matchAll(/^\| `([A-Z][A-Z_]+)`/gm)].map((match) => match[1]);
    expect(told.sort()).toEqual(read.sort());
  });
});
