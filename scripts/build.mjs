/** Brings node_modules, the Prisma client and `dist` up to date, doing only what is missing. Needs nothing but Node and npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(import.meta.dirname, '..');
const GENERATED = join('libs', 'persistence', 'src', 'generated');
const SCHEMA = join('prisma', 'schema.prisma');
/** Its time is that of the last build; the sources that went into it are older. */
const STAMP = join('dist', '.built');

/** Installs what package-lock.json names unless node_modules holds just that. */
export function ensureInstalled() {
  refuseLink();
  if (isInstalled()) return;
  say('Installing the locked dependencies …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Generates the Prisma client and compiles apps and libs where a source is newer than the result. */
export function ensureBuilt() {
  if (newest(SCHEMA) > newest(GENERATED)) {
    say('Generating the database client …');
    run(process.execPath, [join('node_modules', 'prisma', 'build', 'index.js'), 'generate']);
  }
  const sources = Math.max(...['apps', 'libs', 'package.json', '.swcrc'].map(newest));
  if (existsSync(join(ROOT, STAMP)) && sources <= newest(STAMP)) return;
  say('Building …');
  const begun = new Date();
  run(process.execPath, [
    join('node_modules', '@swc', 'cli', 'bin', 'swc.js'),
    'apps',
    'libs',
    '-d',
    'dist',
    '--quiet',
  ]);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(join(ROOT, STAMP), `${begun.toISOString()}\n`);
}

/** npm ci empties node_modules: through a link it would empty another project's. */
function refuseLink() {
  const modules = lstatSync(join(ROOT, 'node_modules'), { throwIfNoEntry: false });
  if (modules?.isSymbolicLink() !== true) return;
  throw new Error('node_modules is a link: remove it, so that Ballast can have packages of its own');
}

function isInstalled() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' ||
      (have[path] === undefined ? optional === true || devOptional === true : have[path].version === version),
  );
}

/** Time of the newest TypeScript or other file at or below `path`; 0 when there is none. */
function newest(path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) return 0;
  const status = statSync(full);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(0, ...readdirSync(full).map((name) => newest(join(path, name))));
}

function run(command, args) {
  // What a build has to say matters when it fails.
  const done = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32' });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  throw new Error(`${command} ${args.join(' ')} failed: ${done.error?.message ?? `exit code ${done.status}`}`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    ensureInstalled();
    ensureBuilt();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
