import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's own, wherever it lies. */
const PAGES = [
  ...readdirSync('.'),
  ...['data', 'docs', 'libs'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  ),
].filter((path) => path.endsWith('.md'));

/** Files that a page links to or shows, as it writes them. */
function targetsOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => target !== '' && !target.includes('://'));
}

describe('the pages', () => {
  it.each(PAGES)('%s links to files that are there', (page) => {
    const lost = targetsOf(page).filter((target) => !existsSync(join(dirname(page), decodeURI(target))));
    expect(lost).toEqual([]);
  });

  it('are more than one, with pictures in the first', () => {
    expect(PAGES.length).toBeGreaterThan(5);
    expect(targetsOf('README.md').filter((target) => target.endsWith('.svg')).length).toBeGreaterThan(2);
  });
});
