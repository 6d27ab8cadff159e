/** Two projects: `unit` needs nothing but the sources; `system` needs the built `dist` and a PostgreSQL (see test/support). */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  moduleNameMapper: {
    '^#(units|memory-core|contracts|guest|policy|simulation|fidelity|persistence|jobs|platform|report|cells)$':
      '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // Jest on Node 20 cannot require ES-only packages from CommonJS ones: hand it the module Node itself loads.
    '^content-disposition$': '<rootDir>/test/support/esm-only/content-disposition.cjs',
    '^cookie$': '<rootDir>/test/support/esm-only/cookie.cjs',
  },
  setupFiles: ['<rootDir>/test/support/property-seed.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.ballast'],
};

export default {
  // Real databases, queues and processes on a busy machine take their time; a hung test still ends.
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/libs/*/{src,test}/**/*.spec.ts',
        '<rootDir>/apps/*/src/**/*.spec.ts',
        '<rootDir>/test/{boundaries,docs}/**/*.spec.ts',
      ],
      testPathIgnorePatterns: ['\\.medium\\.spec\\.ts$', '/boundaries/fixtures/'],
    },
    {
      ...shared,
      displayName: 'system',
      testMatch: [
        '<rootDir>/libs/*/test/**/*.medium.spec.ts',
        '<rootDir>/apps/*/test/**/*.medium.spec.ts',
        '<rootDir>/test/{e2e,contract,failure}/**/*.e2e-spec.ts',
      ],
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
  ],
};
