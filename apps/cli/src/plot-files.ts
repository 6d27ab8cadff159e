import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plot } from '#report';

/** One SVG file for each plot, in a folder that is made where it is not there. */
export function writePlots(folder: string, plots: readonly Plot[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, svg } of plots) writeFileSync(join(folder, `${name}.svg`), svg);
}
