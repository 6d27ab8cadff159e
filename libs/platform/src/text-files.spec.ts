import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTextFiles } from './text-files.js';

describe('openTextFiles', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-text-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('opens the CSV files of a folder in order of name', () => {
    for (const name of ['9.csv', '10.csv', 'b.CSV', 'notes.txt']) writeFileSync(join(folder, name), name);
    mkdirSync(join(folder, 'x.csv'));
    expect(openTextFiles(folder).map(({ name }) => name)).toEqual(['10.csv', '9.csv', 'b.CSV']);
  });

  it('reads a file anew every time, whole whatever its characters', () => {
    const text = 'ä€😀'.repeat(400_000);
    writeFileSync(join(folder, 'a.csv'), text);
    const [file] = openTextFiles(join(folder, 'a.csv'));
    expect([...(file?.chunks ?? [])].join('')).toBe(text);
    expect([...(file?.chunks ?? [])].length).toBeGreaterThan(2);
  });

  it.each(['a.csv.gz', 'a.CSV.GZ', 'a.csv.zst'])('refuses %s by name, alone and beside what it can read', (name) => {
    writeFileSync(join(folder, name), Buffer.from([0x1f, 0x8b, 8, 0]));
    writeFileSync(join(folder, 'b.csv'), 'b');
    const refused = `${name} is packed: unpack it first; a .csv file or a folder of them is read`;
    expect(() => openTextFiles(join(folder, name))).toThrow(refused);
    expect(() => openTextFiles(folder)).toThrow(refused);
  });

  it('does not mind packed files that are no CSV', () => {
    for (const name of ['b.csv', 'source.tar.gz']) writeFileSync(join(folder, name), name);
    expect(openTextFiles(folder).map(({ name }) => name)).toEqual(['b.csv']);
  });
});
