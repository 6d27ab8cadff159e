import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { judgeAll } from './judge.js';

const RECORDINGS = new URL('../../../../libs/fidelity/test/recordings/', import.meta.url);
const SMALL = new URL('inflate-panic-256-6.12.json.gz', RECORDINGS);

describe('a file that is no recording', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-fidelity-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const reasonFor = (name: string, content: string | Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    try {
      judgeAll([SMALL.pathname, path]);
    } catch (error) {
      return String(error);
    }
    return 'none';
  };
  const changed = (change: (text: string) => string): Buffer =>
    gzipSync(change(gunzipSync(readFileSync(SMALL)).toString()));

  it.each<[what: string, name: string, content: () => string | Buffer, reason: RegExp]>([
    ['text', 'a.json.gz', () => 'hello', /a\.json\.gz must be JSON or gzipped JSON/],
    [
      'a truncated file',
      'b.json.gz',
      () => readFileSync(SMALL).subarray(0, 900),
      /b\.json\.gz cannot be read: unexpected end/,
    ],
    ['another format', 'c.json', () => '{"vm": 1}', /c\.json is no recording: kernel must be a text/],
    ['a list', 'd.json', () => '[]', /d\.json is no recording: the file must be an object/],
    [
      'a field of another kind',
      'e.json.gz',
      () => changed((text) => text.replace(/"managed": ?(\d+)/, '"managed":"$1"')),
      /e\.json\.gz is no recording: boot\.\w+\.zoneinfo\.DMA\.managed must be a number/,
    ],
    [
      'a boot without a page map',
      'f.json.gz',
      () => changed((text) => text.replaceAll('"pageblocks"', '"blocks"')),
      /f\.json\.gz is no recording: boot must have a page map/,
    ],
  ])('%s is named with what is wrong', (_what, name, content, reason) => {
    expect(reasonFor(name, content())).toMatch(reason);
  });

  it('that does not exist is named', () => {
    expect(() => judgeAll([join(folder, 'nowhere.json')])).toThrow(/nowhere\.json cannot be read: ENOENT/);
  });
});

describe('judging recordings', () => {
  it('says what holds, and keeps what is judged over all of them apart', () => {
    const { recordings, overall, holds } = judgeAll([SMALL.pathname]);
    expect(recordings.map(({ name }) => name)).toEqual(['inflate-panic-256-6.12']);
    expect([overall, holds]).toEqual([[], true]);
  });
});
