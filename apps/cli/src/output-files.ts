/** Where results are to be written, looked at before the work: who waited for an hour should not learn then that there is no such folder. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DomainError } from '#contracts';

/** By option, such as `--out`; undefined where it was not given. */
export type Outputs = Readonly<Record<string, string | undefined>>;

/** Creates and changes nothing. Throws DomainError BAD_INPUT naming the first option whose file could not be written. */
export function checkFiles(outputs: Outputs): void {
  for (const [option, path] of Object.entries(outputs)) if (path !== undefined) check(option, path, fileProblem(path));
}

/** As `checkFiles`, of folders: one that is not there yet, and those above it, can be made. */
export function checkFolders(outputs: Outputs): void {
  for (const [option, path] of Object.entries(outputs)) {
    if (path !== undefined) check(option, path, folderProblem(resolve(path)));
  }
}

function check(option: string, path: string, problem: string | null): void {
  if (problem === null) return;
  throw new DomainError('BAD_INPUT', `${option}: cannot write ${JSON.stringify(path)}: ${problem}`);
}

function fileProblem(path: string): string | null {
  if (path === '') return 'a name must be given';
  const found = kindOf(path);
  if (found === 'folder') return 'it is a folder';
  if (found !== null) return isWritable(path) ? null : 'it may not be changed';
  const folder = dirname(resolve(path));
  if (kindOf(folder) !== 'folder') return `there is no folder ${folder}`;
  return isWritable(folder) ? null : `nothing may be written in ${folder}`;
}

function folderProblem(path: string): string | null {
  const found = kindOf(path);
  if (found === null) return folderProblem(dirname(path));
  if (found !== 'folder') return `${path} is not a folder`;
  return isWritable(path) ? null : `nothing may be written in ${path}`;
}

/** Devices and pipes are written to as files are. */
function kindOf(path: string): 'file' | 'folder' | null {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return null; // Nothing there, or below a file, or out of sight: whoever asks for the folder above learns which.
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
