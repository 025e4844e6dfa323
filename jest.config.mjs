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
  moduleNameMapper: { '^(\\.{1,2}/.+(?<!\\.json))\\.js$': '$1' },
  maxWorkers: '100%',
  // vm modules leak about 22 MB a heavy suite: a worker starts afresh above this.
  workerIdleMemoryLimit: '1GB',
  // A loaded machine of two cores is no fault of a test. Above the patience of `until` (test/visit.fixture.ts).
  testTimeout: 120_000,
};
