/**
 * The floors of ARCHITECTURE.md as rules. Each comment says what to do instead.
 * test/boundaries proves every rule with a fixture that breaks it.
 */
const lib = (...names) => `^libs/(${names.join('|')})/`;
const NPM = { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] };
const TEST_FILE = '\\.(spec|e2e-spec)\\.ts$|^libs/[^/]+/(test|bench)/|^apps/[^/]+/test/|^test/';

/** What each lib may import besides itself: the floors below it, as the table in ARCHITECTURE.md has them. */
const MAY_IMPORT = {
  units: [],
  'memory-core': ['units'],
  contracts: ['units'],
  guest: ['memory-core', 'units'],
  policy: ['units', 'contracts'],
  simulation: ['units', 'memory-core', 'contracts', 'guest', 'policy'],
  fidelity: ['units', 'memory-core', 'guest'],
  persistence: ['contracts', 'units'],
  jobs: ['contracts', 'units'],
  platform: ['contracts', 'units'],
  report: ['simulation', 'contracts', 'units'],
  cells: ['report', 'simulation', 'platform', 'contracts', 'units'],
};

const floorRules = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `floor-${name}`,
  comment: `libs/${name} may import only ${allowed.length ? allowed.join(', ') : 'itself'}. Move the shared piece down, or pass it in as an argument.`,
  severity: 'error',
  from: { path: lib(name), pathNot: TEST_FILE },
  to: { path: '^(libs|apps)/', pathNot: lib(name, ...allowed) },
}));

export default {
  forbidden: [
    ...floorRules,
    {
      name: 'pure-floors-no-packages',
      comment: 'Floors 0–3 import no npm package. Do the work on floor 4 and hand the result down.',
      severity: 'error',
      from: { path: lib('units', 'memory-core', 'contracts', 'guest', 'policy', 'simulation', 'fidelity'), pathNot: TEST_FILE },
      to: NPM,
    },
    {
      name: 'pure-floors-no-builtins',
      comment: 'Floors 0–3 import no Node built-in: no files, no clock, no threads. Inject what is needed.',
      severity: 'error',
      from: { path: lib('units', 'memory-core', 'contracts', 'guest', 'policy', 'simulation', 'fidelity'), pathNot: TEST_FILE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'control-plane-never-memory-core',
      comment: 'The control plane never holds a guest: ask the owner through an inspection job.',
      severity: 'error',
      from: { path: '^apps/control-plane/' },
      to: { path: lib('memory-core', 'guest') },
    },
    {
      name: 'prisma-only-in-persistence',
      comment: 'Prisma, pg and the generated client stay in libs/persistence; ask it a question instead.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: `${lib('persistence')}|${TEST_FILE}` },
      to: { path: 'node_modules/(@prisma|pg|pg-copy-streams)/|^libs/persistence/src/generated/' },
    },
    {
      name: 'bullmq-only-in-jobs',
      comment: 'BullMQ and ioredis stay in libs/jobs; use its queue port.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: `${lib('jobs')}|${TEST_FILE}` },
      to: { path: 'node_modules/(bullmq|@nestjs/bullmq|ioredis)/' },
    },
    {
      name: 'no-app-imports-app',
      comment: 'Apps share code through libs only.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-through-index',
      comment: "Across libs import the lib's index ('#name'); inside a lib import the file itself.",
      severity: 'error',
      from: { path: '^(libs/[^/]+|apps/[^/]+)/', pathNot: TEST_FILE },
      to: { path: '^libs/', pathNot: ['^$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'no-circular',
      comment: 'Break the cycle: move the shared type down. (What Prisma generates is its own affair.)',
      severity: 'error',
      from: { pathNot: '^libs/persistence/src/generated/' },
      to: { circular: true },
    },
    {
      name: 'no-specs-in-production',
      comment: 'Production code never imports a test, an oracle or a bench.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: TEST_FILE },
      to: { path: TEST_FILE },
    },
    {
      name: 'no-orphans',
      comment: 'Nobody imports this file: delete it, or import it.',
      severity: 'error',
      from: { orphan: true, path: '^(libs|apps)/', pathNot: [TEST_FILE, '(^|/)(main|index)\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default', 'types'], exportsFields: ['exports'], extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'], mainFields: ['module', 'main', 'types'] },
  },
};
