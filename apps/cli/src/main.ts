/** The `ballast` command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#contracts';
import { migrateDatabase } from '#persistence';
import { loadConfiguration, requireDatabaseUrl } from '#platform';
import { Command } from 'commander';
import { experimentCommand } from './experiment/experiment-command.js';
import { fidelityCommand } from './fidelity/fidelity-command.js';
import { LaunchError } from './launch-error.js';
import { policyCommand } from './policy/policy-command.js';
import { parentOf } from './process-list.js';
import { PROJECT_ROOT } from './project-root.js';
import { traceCommand } from './trace/trace-command.js';
import { Launcher } from './up/up.js';

const MIGRATIONS = join(PROJECT_ROOT, 'prisma', 'migrations');

/** How often a launcher that npm runs looks whether npm is still there. */
const PARENT_CHECK_MS = 500;

async function up(): Promise<void> {
  const launcher = new Launcher(loadConfiguration(), (line) => console.log(line));
  const stop = (): void => {
    launcher.stop().then(
      () => process.exit(0),
      (error: unknown) => end(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.env['npm_lifecycle_event'] !== undefined) onParentEnd(stop);
  try {
    await launcher.run();
  } catch (error) {
    // What is being stopped fails in its own ways; `stop` says how that ends.
    if (launcher.isStopping) return;
    await launcher.stop();
    end(error);
  }
}

/** `kill -9` of `npm start` takes npm alone, not the shell that it runs this process in: nobody would be left to ask it to stop. */
function onParentEnd(stop: () => void): void {
  const shell = process.ppid;
  const npm = parentOf(shell);
  const check = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(check);
    stop();
  }, PARENT_CHECK_MS);
  check.unref();
}

async function migrate(): Promise<void> {
  const applied = await migrateDatabase(requireDatabaseUrl(loadConfiguration()), MIGRATIONS);
  console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`);
}

/** One line for what a person can mend; the whole story for a bug. */
function end(error: unknown): never {
  console.error(error instanceof LaunchError || error instanceof DomainError ? error.message : error);
  process.exit(1);
}

function version(): string {
  return (JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

const program = new Command('ballast')
  .description('A memory control plane for fleets of virtual machines.')
  .version(version(), '-V, --version', 'print the version');
program
  .command('up')
  .description(
    'start a whole fleet on this machine; Ctrl-C stops it; the environment sets it: PORT, BALLAST_HOME … (see the README)',
  )
  .action(up);
program.command('migrate').description('bring the database at DATABASE_URL up to this release').action(migrate);
program.addCommand(policyCommand());
program.addCommand(fidelityCommand());
program.addCommand(experimentCommand());
program.addCommand(traceCommand());
program.parseAsync().catch(end);
