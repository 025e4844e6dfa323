// The test files of a jest run in which nothing was wrong but that patience ran out: each failure in them is a wait in vain
// or a test over its time. A slow machine makes those, so they get one more go, alone. A wrong answer never does.
//   node .ci/impatient.mjs jest.json   prints their paths, one a line; nothing where any other failure stands in any file
import { readFileSync } from 'node:fs';

const PATIENCE = /waited in vain|Exceeded timeout of \d+ ms/;

/** The paths of those files, of a run as `jest --json` tells it. */
export function impatient({ testResults }) {
  const failed = testResults.filter(({ status }) => status === 'failed');
  const isPatience = ({ assertionResults, message }) => {
    const failures = assertionResults.filter(({ status }) => status === 'failed');
    // A suite that could not run has a message and no failed test.
    if (failures.length === 0) return PATIENCE.test(message ?? '');
    return failures.every(({ failureMessages }) => failureMessages.every((text) => PATIENCE.test(text)));
  };
  return failed.every(isPatience) ? failed.map(({ name }) => name) : [];
}

if (process.argv[2]) {
  for (const path of impatient(JSON.parse(readFileSync(process.argv[2], 'utf8')))) console.log(path);
}
