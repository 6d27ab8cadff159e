import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's folder, whether its sources run or what is built of them. */
export const PROJECT_ROOT = folderOf('package.json', import.meta.dirname);

function folderOf(file: string, folder: string): string {
  return existsSync(join(folder, file)) ? folder : folderOf(file, dirname(folder));
}
