import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve, join } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * One process a folder, and of its threads one. Each opener first writes a ticket named after itself, then looks at the others' tickets: of two
 * at the same moment at least one sees the other. Nobody ever takes another's living ticket, so there is no moment
 * between looking and taking. A dead process's ticket is removed by whoever meets it: its name never comes again.
 */
const TICKET = /^lock-(\d+)-([a-z0-9]+)(?:-\d+)?$/;

/** The folders that this thread holds, over all copies of this module: jest loads it once a test file. */
const held = ((globalThis as Record<symbol, unknown>)[Symbol.for('lagom.embedded.held')] ??=
  new Set<string>()) as Set<string>;

/**
 * When a process began, in the kernel's ticks: tells a process from a later one with the same number. Empty where the
 * system does not say (not Linux).
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's, but there
  }
}

/** Whether who wrote the ticket is there: another process, or another thread of this one. */
function isHeldBy(pid: number, start: string): boolean {
  const now = startOf(pid);
  // Where the system tells no beginnings, one of our own number is an earlier process's.
  if (pid === process.pid) return now !== '' && now === start;
  return isAlive(pid) && (now === '' || start === '0' || now === start);
}

/** Takes the folder, or throws naming the process that has it. Returns what gives it back. */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = resolve(folder);
  if (held.has(path)) throw inUse(path, process.pid);
  const own = `lock-${process.pid}-${startOf(process.pid) || '0'}-${threadId}`;
  writeFileSync(join(path, own), '');
  for (const name of readdirSync(path)) {
    const [, pid, start] = TICKET.exec(name) ?? [];
    if (name === own || pid === undefined) continue;
    if (isHeldBy(Number(pid), start ?? '0')) {
      rmSync(join(path, own), { force: true });
      throw inUse(path, Number(pid));
    }
    rmSync(join(path, name), { force: true });
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(join(path, own), { force: true });
  };
}

const inUse = (path: string, pid: number): Error =>
  new Error(`${path} is in use by process ${pid}: a store can be opened by one process at a time`);
