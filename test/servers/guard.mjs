// Runs a server for a test, and ends it when the test lets go of this process's input, or dies: a SIGKILL of the whole
// test run leaves no server behind and no folder.
//   node guard.mjs <folder> <program> <argument>…
// `keep` on the input: the folder stays when the server is ended (it will be started on it again).
import { spawn } from 'node:child_process';
import { rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

const [folder, program, ...args] = process.argv.slice(2);
let keep = false;
let asked = false;

const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
const end = () => {
  asked = true;
  server.kill('SIGKILL');
};
server.on('error', (error) => {
  process.stderr.write(`${program}: ${error.message}\n`);
  leave(1);
});
server.on('exit', (code) => leave(asked ? 0 : (code ?? 1)));
function leave(code) {
  if (!keep) {
    rmSync(folder, { recursive: true, force: true });
    try {
      // The folder of them all goes with the last.
      rmdirSync(dirname(folder));
    } catch {
      // Not the last.
    }
  }
  process.exit(code);
}

process.stdin.on('data', (said) => {
  if (String(said).includes('keep')) keep = true;
});
process.stdin.on('end', end);
process.stdin.on('error', end);
// Ctrl-C goes to the whole group: the test decides when its servers end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', end);
