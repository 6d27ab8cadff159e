import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFiles, checkFolders } from './output-files.js';

describe('results that cannot be written', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-output-'));
    writeFileSync(join(folder, 'old.html'), 'old');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are found before the work, with their option and the reason', () => {
    const at = (...names: string[]): string => join(folder, ...names);
    expect(() => checkFiles({ '--csv': at('a.csv'), '--out': at('none', 'a.html') })).toThrow(
      `--out: cannot write "${at('none', 'a.html')}": there is no folder ${at('none')}`,
    );
    expect(() => checkFiles({ '--out': folder })).toThrow(`--out: cannot write "${folder}": it is a folder`);
    expect(() => checkFiles({ '--out': at('old.html', 'a') })).toThrow(/^--out: .*: there is no folder .*old\.html$/);
    expect(() => checkFiles({ '--out': '' })).toThrow('--out: cannot write "": a name must be given');
    expect(() => checkFolders({ '--plots': at('old.html', 'x', 'y') })).toThrow(
      /^--plots: .*old\.html is not a folder$/,
    );
  });

  it('are not those of a new or an old file, of a new or an old folder; nothing is made or changed', () => {
    checkFiles({
      '--out': join(folder, 'new.html'),
      '--csv': join(folder, 'old.html'),
      '--markdown': undefined,
      '--report': '/dev/null',
    });
    checkFolders({ '--plots': join(folder, 'x', 'y'), '--others': folder, '--none': undefined });
    expect(readdirSync(folder)).toEqual(['old.html']);
  });
});
