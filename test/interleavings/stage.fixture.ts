import { noOf, type NoKind } from './noes.fixture.js';
import { Actor, type How, type Missing, type Role } from './steps.fixture.js';
import type { World } from './world.fixture.js';

/** How often one looks whether it has been waited for long enough, before it is said to wait. */
const LOOKS = 4;

/** Drives the real code through one schedule, step by step, by hand. */
export class Stage {
  constructor(readonly world: World) {}

  async begin(name: string, role: Role, work: () => Promise<unknown>): Promise<Actor> {
    return new Actor(name, role, () => this.world.mono()).start(work);
  }

  /** A dispatcher takes what is due, or the n-th record of it. */
  dispatcher(name: string, n?: number): Promise<Actor> {
    const due = this.world.due();
    const batch = n === undefined ? due : due.slice(n, n + 1);
    return this.begin(name, 'dispatcher', () => this.world.deliver(batch));
  }

  async no(kind: NoKind): Promise<Actor> {
    const { no, say } = noOf(kind, this.world);
    this.world.noes.push(no);
    await this.world.rememberNow();
    return this.begin(kind, 'withdraw', say);
  }

  /** Lets it go on until it stands before such a call, or has ended. `how`: what becomes of the calls on the way. */
  async to(actor: Actor, name: string, how: How = 'go'): Promise<void> {
    for (let steps = 0; steps < 200 && actor.isRunning; steps++) {
      if (actor.stops.some((stop) => stop.name === name)) return;
      const stop = actor.sleeps ? await actor.nextStop() : actor.stops[0];
      if (stop === undefined) throw new Error(`${actor.name} stands nowhere`);
      await actor.go(stop, stop.kind === 'read' || how !== 'stale' ? how : 'go');
    }
    if (actor.isRunning) throw new Error(`${actor.name} never comes to ${name}`);
    if (actor.state === 'failed') throw new Error(`${actor.name} failed`, { cause: actor.error });
  }

  /** As `to`, and that call is made as well. */
  async past(actor: Actor, name: string, how: How = 'go'): Promise<void> {
    await this.to(actor, name);
    const stop = actor.stops.find((one) => one.name === name);
    if (stop !== undefined) await actor.go(stop, how);
  }

  /** To its end. */
  async end(actor: Actor): Promise<void> {
    await this.to(actor, 'nothing');
  }

  /** To its end, or to where it waits for what is in flight. */
  async endOrWait(actor: Actor): Promise<'done' | 'waits'> {
    for (let looks = 0; looks < LOOKS && actor.isRunning;) {
      const stop = actor.sleeps ? await actor.nextStop() : actor.stops[0]!;
      if (actor.sleeps) looks += 1;
      await actor.go(stop);
    }
    return actor.isRunning ? 'waits' : 'done';
  }

  /** The clock of all goes on. */
  pass(ms: number): void {
    this.world.clock.pass(ms);
  }
}

/** A schedule, and what it comes to: what was violated, and how many calls the provider saw. */
export async function play(
  world: World,
  schedule: (stage: Stage) => Promise<void>,
  missing: Missing = {},
): Promise<{ violations: readonly string[]; calls: number }> {
  await world.reset(missing);
  const stage = new Stage(world);
  await schedule(stage);
  const calls = [...world.taken.values()].reduce((sum, times) => sum + times, 0);
  if (world.violations.length === 0) {
    await world.settleAll();
    await world.checkEnds();
  }
  return { violations: [...world.violations], calls };
}
