/** Milliseconds of the machine's monotonic clock: the same for all its processes, unlike `performance.now()`. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const ordered = [...values].sort((one, other) => one - other);
  const middle = ordered.length / 2;
  const [low, high] = [ordered[Math.ceil(middle) - 1], ordered[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('no runs, no median');
  return (low + high) / 2;
}

/** The median of each figure by itself. */
export function medians<T extends { [Name in keyof T]: number }>(all: readonly T[]): T {
  const [first] = all;
  if (first === undefined) throw new Error('no runs, no medians');
  const names = Object.keys(first) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name]))])) as T;
}

/** Runs it so many times, one after the other. */
export async function times<T>(count: number, run: (turn: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let turn = 0; turn < count; turn += 1) results.push(await run(turn));
  return results;
}

/** Resolves once `look` says yes; rejects with `what` where it takes too long. */
export async function until(what: string, look: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`waited ${withinMs / 1_000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a process has taken so far. */
export interface Use {
  cpuMs: number;
  /** The most memory it ever had, in MiB. */
  peakMb: number;
}

export function useOfThis(): Use {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuMs: (userCPUTime + systemCPUTime) / 1_000, peakMb: maxRSS / 1_024 };
}
