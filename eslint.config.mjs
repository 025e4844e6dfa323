import { readFileSync } from 'node:fs';
import { defineConfig, globalIgnores } from 'eslint/config';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import tseslint from 'typescript-eslint';

/** The rows of the house, top first: the same file that test/structure.test.ts holds the code to. */
const layers = JSON.parse(readFileSync(new URL('./layers.json', import.meta.url), 'utf8'));
const tests = ['**/*.test.ts', '**/*.contract.ts', '**/*.fixture.ts', 'test/**', 'bench/**', 'examples/**'];

/** Names of libs as an alternative in a pattern; none of them when the list is empty. */
const anyOf = (names) => (names.length > 0 ? `(?:${names.join('|')})` : '(?!)');

/** What a file of `lib` may not name: the rows above, its siblings, the processes. */
function arrowsOf(lib) {
  const row = layers.libs.findIndex((names) => names.includes(lib));
  const barred = layers.libs
    .slice(0, row + 1)
    .flat()
    .filter((name) => name !== lib);
  return [
    {
      regex: `^#${anyOf(barred)}/`,
      message: `libs/${lib} may import only what is below its row (layers.json).`,
    },
    {
      regex: `^(?:\\.\\./)+${anyOf(layers.libs.flat())}/`,
      message: 'Another lib is imported by its own name: #lib/file.',
    },
    {
      regex: `^(?:\\.\\./)+(?:apps|test|bench|examples)/`,
      message: 'Nothing in libs/ knows the processes or the tests.',
    },
    { regex: `^#${lib}/`, message: 'Inside one lib, imports are relative: ./file.js.' },
  ];
}

/** What a file of `app` may not name: the other processes (only the composer may), the tests. */
function arrowsOfApp(app) {
  const others = layers.apps.filter((name) => name !== app);
  const barred = app === layers.composer ? [] : others;
  return [
    {
      regex: `^(?:\\.\\./)+(?:apps/)?${anyOf(barred)}/`,
      message: 'One process does not import another; only apps/all does.',
    },
    { regex: `^(?:\\.\\./)+libs/`, message: 'A lib is imported by its own name: #lib/file.' },
    { regex: `^(?:\\.\\./)+(?:test|bench|examples)/`, message: 'No process knows the tests.' },
  ];
}

/** Says the same thing for each of several folders. */
const layering = [
  ...layers.libs.flat().map((lib) => ({
    files: [`libs/${lib}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: arrowsOf(lib) }] },
  })),
  ...layers.apps.map((app) => ({
    files: [`apps/${app}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: arrowsOfApp(app) }] },
  })),
];

/** What eslint itself recommends, read from its rules: @eslint/js is no dependency of ours. */
const recommended = {
  rules: Object.fromEntries(
    [...builtinRules].filter(([, rule]) => rule.meta.docs?.recommended).map(([name]) => [name, 'error']),
  ),
};

const CLOCK =
  'Time comes from #platform/clock (or a `now` that is passed), so that a test and the inbox can move it.';
const manner = [
  {
    selector: 'TSEnumDeclaration',
    message: 'A union of literals says the same and needs no code at run time.',
  },
  {
    selector: 'TSInterfaceDeclaration[id.name=/^I[A-Z][a-z]/]',
    message: 'No `I` before the name of a thing.',
  },
];
const noMachineTime = [
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: CLOCK },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CLOCK },
  { selector: "CallExpression[callee.name='Date']", message: CLOCK },
  {
    selector:
      "CallExpression[callee.object.name='DateTime'][callee.property.name=/^(?:now|local|utc)$/][arguments.length=0]",
    message: CLOCK,
  },
];

export default defineConfig([
  globalIgnores(['dist/', 'coverage/', 'node_modules/', '.lagom/', '.cache/', 'templates/', 'docs/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [recommended, tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // What loses a message or answers too early.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      'array-callback-return': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-promise-executor-return': 'off',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': 'error',

      // The manner of the house.
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false },
      ],
      'no-restricted-syntax': ['error', ...manner, ...noMachineTime],

      // A module, a controller's empty class and a row of decorators are how Nest is written.
      '@typescript-eslint/no-extraneous-class': 'off',
      // A number in a message is a number; what may not stand there is an object or nothing.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `noUncheckedIndexedAccess` is the compiler's; an assertion after a check of the length is honest.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // An empty method is a whole answer where a base class asks for one.
      '@typescript-eslint/no-empty-function': 'off',
      // Async without await is how a method keeps the promise of its interface.
      '@typescript-eslint/require-await': 'off',
      // The types of what comes from outside, and of a field read after an await, promise more than they hold: a check
      // too many fails closed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Style, not faults.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // `[...text]` walks code points, which is what segments and keys count.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Slow (each asks for many types), and there are no enums here.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  ...layering,
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'The environment is read in libs/platform/config.ts only.',
        },
        // performance.now() alone is monotonic and led by nobody: as a default of a `mono` that may be passed it is fine.
        { object: 'performance', property: 'timeOrigin', message: `Wall time by the back door. ${CLOCK}` },
      ],
    },
  },
  {
    files: ['libs/platform/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', ...manner], 'no-restricted-properties': 'off' },
  },
  { files: ['libs/platform/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['test/**', 'bench/**', 'examples/**'], rules: { 'no-restricted-syntax': ['error', ...manner] } },
  // Programs that talk to a person at a terminal.
  { files: ['apps/cli/**', 'examples/**', 'bench/**'], rules: { 'no-console': 'off' } },
  {
    files: tests,
    rules: {
      'no-restricted-properties': 'off',
      // What a server or a mock answers is looked at, not typed.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // A forged permit is made by spreading a real one.
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [recommended],
    languageOptions: {
      // What Node itself has: taken from it, so that no list can grow old.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: { eqeqeq: ['error', 'always', { null: 'ignore' }], 'no-self-compare': 'error' },
  },
]);
