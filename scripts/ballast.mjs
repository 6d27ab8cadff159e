/**
 * The `ballast` command from a checkout: makes ready what is missing, then runs it in this process. Needs nothing but Node and npm.
 * `npm start` is `ballast up`.
 */
const OLDEST_NODE = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(`Ballast needs Node ${OLDEST_NODE.join('.')} or newer, this is ${process.versions.node}.`);
  process.exit(1);
}

const { ensureInstalled, ensureBuilt } = await import('./build.mjs');
try {
  ensureInstalled();
  ensureBuilt();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import('../dist/apps/cli/src/main.js');
