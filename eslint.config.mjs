import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Floors 0–3: a run there is a function of its seed, so no clock, no chance, no environment. */
const PURE_FLOORS = ['libs/{units,memory-core,contracts,guest,policy,simulation}/src/**/*.ts'];
const TESTS = ['**/*.spec.ts', '**/*.e2e-spec.ts', '**/test/**/*.ts', '**/bench/**/*.ts'];

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      '.ballast/**',
      'coverage/**',
      'libs/persistence/src/generated/**',
      'test/boundaries/fixtures/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Nest declares its option bags as classes and takes object literals for them.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: false } },
      ],
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 6],
    },
  },
  {
    // Decorated parameters are values at run time (dependency injection, GraphQL types): importing them as types would erase them.
    files: ['apps/**/*.ts', 'libs/{persistence,jobs,platform}/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: PURE_FLOORS,
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'performance',
        'fetch',
        'Buffer',
        'console',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take the seeded random source you were given.' },
        { object: 'Date', property: 'now', message: 'Below floor 4 there is only simulated time.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Below floor 4 there is only simulated time.',
        },
        { selector: 'Decorator', message: 'Decorators belong to floors 4 and 5.' },
      ],
    },
  },
  {
    // Typed-array reads are in bounds by assert and audit (see libs/memory-core/tsconfig.json); an indivisible kernel algorithm may take 600 lines.
    files: ['libs/memory-core/**/*.ts'],
    languageOptions: {
      parserOptions: { project: ['./libs/memory-core/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: { 'max-lines': ['error', { max: 600 }], '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: TESTS,
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      'no-restricted-globals': 'off',
    },
  },
  {
    ...tseslint.configs.disableTypeChecked,
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'module', 'require', '__filename', 'setTimeout', 'clearTimeout', 'URL', 'fetch'].map(
          (name) => [name, 'readonly'],
        ),
      ),
    },
  },
);
