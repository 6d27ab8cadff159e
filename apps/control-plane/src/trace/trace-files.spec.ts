import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readTraceFiles } from './trace-files.js';

describe('readTraceFiles', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ballast-import-'));
    mkdirSync(join(root, 'set'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('unpacks what is packed: files are kept under the names of their texts, numbers by value', async () => {
    writeFileSync(join(root, 'set', '10.csv'), 'ten');
    writeFileSync(join(root, 'set', '9.csv.gz'), gzipSync('nine'));
    const files = await readTraceFiles(root, 'set');
    expect(files.map(({ name, chunks }) => [name, [...chunks].join('')])).toEqual([
      ['9.csv', 'nine'],
      ['10.csv', 'ten'],
    ]);
  });

  it('says what is wrong with a packed file, and which field names it', async () => {
    writeFileSync(join(root, 'set', 'a.csv.gz'), gzipSync('a\nb\n').subarray(0, -8));
    await expect(readTraceFiles(root, 'set')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      field: 'input.path',
      message: expect.stringMatching(/^input\.path: a\.csv\.gz:\d: the gzip file is cut off or damaged/),
    });
    writeFileSync(join(root, 'set', 'b.csv.zip'), '');
    await expect(readTraceFiles(root, 'set/b.csv.zip')).rejects.toThrow(/^input\.path: b\.csv\.zip is packed/);
  });

  it('tells what there is to whom asks for what there is not, but nothing of other places', async () => {
    writeFileSync(join(root, 'notes.txt'), '');
    writeFileSync(join(root, 'b.csv.gz'), '');
    for (const path of ['data/traces/set', '../', '/etc/passwd']) {
      await expect(readTraceFiles(root, path)).rejects.toThrow(
        /below the trace folder of the configuration \(which has "b\.csv\.gz", "set"\), got "/,
      );
    }
    for (let at = 10; at < 40; at++) mkdirSync(join(root, `more-${at}`));
    await expect(readTraceFiles(root, 'x')).rejects.toThrow(/"more-28" and 12 more\), got "x"/);
    await expect(readTraceFiles(join(root, 'nowhere'), 'x')).rejects.toThrow(/\(which cannot be read\), got "x"/);
  });

  it('stops unpacking where the text becomes too large', async () => {
    writeFileSync(join(root, 'bomb.csv.gz'), gzipSync(Buffer.alloc(257 * 2 ** 20)));
    await expect(readTraceFiles(root, 'bomb.csv.gz')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('reads no file of the folder that lies elsewhere', async () => {
    symlinkSync('/etc/hostname', join(root, 'set', 'link.csv'));
    await expect(readTraceFiles(root, 'set')).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'input.path' });
  });
});
