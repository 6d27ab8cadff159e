/** The tests of planted bugs: a suite finds no fault in the sources as they are, and one in every copy with a bug. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plant, prepare, type Mutant, type Nursery } from './plant.js';

/** What a suite exports. */
interface Suite {
  findFault(): string | null;
}

/** `parts`: the folders of the libraries that are copied; `suite`: the module of them that looks for faults, compiled. */
export function catchesAll(parts: readonly string[], suite: string, mutants: readonly Mutant[]): void {
  let nursery: Nursery;

  const faultOf = async (folder: string): Promise<string | null> =>
    ((await import(join(folder, suite))) as Suite).findFault();

  describe('planted bugs', () => {
    beforeAll(() => {
      nursery = prepare(fileURLToPath(new URL('../../..', import.meta.url)), parts);
    });
    afterAll(() => {
      expect(dirname(nursery.folder)).toBe(tmpdir());
      rmSync(nursery.folder, { recursive: true });
    });

    it('finds no fault without one', async () => {
      expect(await faultOf(nursery.sound)).toBeNull();
    });

    it.each(mutants.map((mutant, index) => ({ ...mutant, index })))('catches: $bug', async ({ index, ...mutant }) => {
      expect(await faultOf(plant(nursery, `mutant-${index}`, mutant))).not.toBeNull();
    });

    it('says so when the line to change is gone', () => {
      const gone = { ...mutants[0], from: 'a line that is not there' };
      expect(() => plant(nursery, 'gone', gone)).toThrow('has the line to change 0 times');
    });
  });
}
