import { availableParallelism, totalmem } from 'node:os';

/**
 * A suite of the whole line waits for half of its time (for a loop's next look, a provider, a child process): two on each
 * core keep it busy. Each may grow to 2 GB.
 */
const workers = Math.min(2 * availableParallelism(), Math.floor(totalmem() / 2 ** 31));

/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['lagom:source', 'node', 'node-addons'] },
  moduleNameMapper: {
    '^(\\.{1,2}/.+(?<!\\.json))\\.js$': '$1',
    '^mjml$': '<rootDir>/test/mjml-once.ts',
    '^#rendering/pages$': '<rootDir>/test/pages-once.ts',
  },
  maxWorkers: Math.max(1, workers),
  // vm modules leak about 22 MB a heavy suite: a worker starts afresh above this.
  workerIdleMemoryLimit: '1GB',
  // A loaded machine of two cores is no fault of a test. Above the patience of `until` (test/visit.fixture.ts).
  testTimeout: 120_000,
};
