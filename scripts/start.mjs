/** `npm start`: makes ready what is missing, then runs `ballast up` in this process. Needs nothing but Node and npm. */
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
process.argv.splice(2, Infinity, 'up');
await import('../dist/apps/cli/src/main.js');
