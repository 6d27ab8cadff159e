import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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

  it.each(['a.csv.zip', 'a.CSV.ZST'])('refuses %s by name, alone and beside what it can read', (name) => {
    writeFileSync(join(folder, name), Buffer.from([0x50, 0x4b, 3, 4]));
    writeFileSync(join(folder, 'b.csv'), 'b');
    const refused = `${name} is packed: unpack it first, or pack it with gzip; .csv and .csv.gz files and folders of them are read`;
    expect(() => openTextFiles(join(folder, name))).toThrow(refused);
    expect(() => openTextFiles(folder)).toThrow(refused);
  });

  it('reads gzip as what was packed, in the place that the text would have, in pieces', () => {
    const text = 'vm,tick,cpu,ä€😀\n'.repeat(400_000);
    // A byte order of names would put 1.csv.gz behind 1.csv-a.csv.
    writeFileSync(join(folder, '1.csv.GZ'), gzipSync(text));
    writeFileSync(join(folder, '1.csv-a.csv'), 'b');
    const files = openTextFiles(folder);
    expect(files.map(({ name }) => name)).toEqual(['1.csv.GZ', '1.csv-a.csv']);
    const pieces = [...(files[0]?.chunks ?? [])];
    expect(pieces.join('')).toBe(text);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(2 ** 16);
    expect([...(files[0]?.chunks ?? [])].join('')).toBe(text);
  });

  it('reads every member of a gzip file, as cat makes of several', () => {
    writeFileSync(join(folder, 'a.csv.gz'), Buffer.concat([gzipSync('a\n'.repeat(50_000)), gzipSync('b\n')]));
    const [file] = openTextFiles(join(folder, 'a.csv.gz'));
    expect([...(file?.chunks ?? [])].join('')).toBe(`${'a\n'.repeat(50_000)}b\n`);
  });

  it('says up to which line a gzip file could be read that is cut off, damaged or none', () => {
    // Digits that do not pack well: the file is longer than what is unpacked at a time.
    const rows = Array.from({ length: 100_000 }, (_, row) => `${Math.imul(row, 0x9e37_79b1) >>> 0}\n`);
    const packed = gzipSync(rows.join(''));
    const half = packed.subarray(0, packed.length >> 1);
    const reading = (bytes: Uint8Array) => (): string[] => {
      writeFileSync(join(folder, 'a.csv.gz'), bytes);
      return openTextFiles(folder).flatMap(({ chunks }) => [...chunks]);
    };
    expect(() => reading(packed)()).not.toThrow();
    expect(reading(half)).toThrow(
      /^a\.csv\.gz:[45]\d{4}: the gzip file is cut off or damaged, here or below \(.*unexpected end of file\)$/,
    );
    expect(reading(packed.map((byte, at) => (at === packed.length - 8 ? byte ^ 1 : byte)))).toThrow(
      /^a\.csv\.gz:\d+: .*incorrect data check/,
    );
    expect(reading(Buffer.from('vm,tick\n'))).toThrow(/^a\.csv\.gz:1: .*incorrect header check/);
    expect(reading(Buffer.alloc(0))).toThrow(/^a\.csv\.gz:1: .*unexpected end of file/);
  });

  it('refuses a table that is there packed and unpacked', () => {
    for (const name of ['b.csv', 'a.csv.gz', 'a.csv']) writeFileSync(join(folder, name), gzipSync(name));
    expect(() => openTextFiles(folder)).toThrow('a.csv is there twice, packed and unpacked: leave one of them');
  });

  it('does not mind packed files that are no CSV', () => {
    for (const name of ['b.csv', 'source.tar.gz']) writeFileSync(join(folder, name), name);
    expect(openTextFiles(folder).map(({ name }) => name)).toEqual(['b.csv']);
  });
});
