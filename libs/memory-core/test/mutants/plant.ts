/** Plants a bug: copies sources, changes one line of one file, and compiles them into a folder of their own. */
import { transformSync } from '@swc/core';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Mutant {
  readonly bug: string;
  /** From the root of the libraries: 'memory-core/src/…'. */
  readonly file: string;
  /** Must be there, once. */
  readonly from: string;
  readonly to: string;
}

export interface Nursery {
  readonly folder: string;
  /** Where the sources are. */
  readonly libs: string;
  /** Compiled sources without any bug. */
  readonly sound: string;
}

/** Compiles the TypeScript files of `parts`, folders of `libs`, without their specs. */
export function prepare(libs: string, parts: readonly string[]): Nursery {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-mutants-'));
  const sound = join(folder, 'sound');
  for (const part of parts) {
    for (const file of readdirSync(join(libs, part), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
      compile(readFileSync(join(libs, part, file), 'utf8'), join(sound, part, file));
    }
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return { folder, libs, sound };
}

/** A copy with the bug; its folder. Throws when the line to change is not there, or there twice. */
export function plant({ folder, libs, sound }: Nursery, name: string, mutant: Mutant): string {
  const copy = join(folder, name);
  cpSync(sound, copy, { recursive: true });
  const text = readFileSync(join(libs, mutant.file), 'utf8');
  const places = text.split(mutant.from).length - 1;
  if (places !== 1) throw new Error(`"${mutant.bug}": ${mutant.file} has the line to change ${places} times, not once`);
  compile(
    text.replace(mutant.from, () => mutant.to),
    join(copy, mutant.file),
  );
  return copy;
}

/** Imports of the core go to the copy; those of #units stay, as nothing is planted there. */
function compile(text: string, path: string): void {
  const { code } = transformSync(text, {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  mkdirSync(dirname(path), { recursive: true });
  const depth = path.split('/guest/')[1]?.split('/').length ?? 0;
  const core = `'${'../'.repeat(depth)}memory-core/src/index.js'`;
  writeFileSync(path.replace(/\.ts$/, '.js'), code.replaceAll(/['"]#memory-core['"]/g, core));
}
