import type { MessageRow } from '#messages/message.types';
import { Dice } from './dice.fixture.js';
import { NEWS, newsOf, noOf, NOES, type NoKind } from './noes.fixture.js';
import { Actor, type Answer, type How, type Missing, type Role, type Stop } from './steps.fixture.js';
import type { DueRecord, World } from './world.fixture.js';

/** After so many steps nothing new begins, and what runs is seen to its end. */
const STEPS = 120;
/** As long, where nothing is left to do: the scheduler or repair may find something. */
const SPARE_STEPS = 40;
const MOST_STEPS = 2_000;
/** Q: no provider takes longer. */
const Q_MS = 30_000;
const PASSES_MS = [20, 1_000, 2_600, 5_000, 30_000, 66_000, 301_000] as const;

/** What may go wrong in one schedule, and how often. */
interface Budget {
  crash: number;
  hold: number;
  lost: number;
  stale: number;
  later: number;
  timeout: number;
  refuse: number;
}

/** What a schedule begins with. */
export interface Setting {
  noes: NoKind[];
  dispatchers: number;
  cap: number;
  /** To mail and text by name: where a no ends the one, the other is left. */
  hasAgreed: boolean;
  rows: { isMarketing: boolean; customer: 'anna' | 'bo'; isReleased: boolean; cart: number }[];
  news: (typeof NEWS)[number] | null;
  budget: Budget;
}

/** As the model's set-ups: few of everything, and each thing often enough. */
export function settingOf(dice: Dice): Setting {
  const shares = dice.chance(0.3);
  const noes = dice.chance(0.85) ? [dice.pick(NOES), ...(dice.chance(0.2) ? [dice.pick(NOES)] : [])] : [];
  const few = (share: number, most = 1): number => (dice.chance(share) ? 1 + dice.below(most) : 0);
  return {
    // Whose address is another meanwhile has said the second no of another address.
    noes: noes.includes('new address') ? ['new address'] : noes,
    dispatchers: 1 + dice.below(3),
    cap: dice.chance(0.4) ? 1 + dice.below(2) : 5,
    hasAgreed: dice.chance(0.3),
    rows: Array.from({ length: 1 + dice.below(4) }, (_, n) => ({
      isMarketing: dice.chance(0.7),
      customer: shares && dice.chance(0.5) ? ('bo' as const) : ('anna' as const),
      isReleased: dice.chance(0.7),
      cart: dice.chance(0.15) ? 0 : n,
    })),
    news: dice.chance(0.25) ? dice.pick(NEWS) : null,
    budget: {
      ...{ crash: few(0.5, 2), hold: few(0.6, 3), lost: few(0.3), stale: few(0.5, 6) },
      ...{ later: few(0.4, 2), timeout: few(0.4, 2), refuse: few(0.1) },
    },
  };
}

/** What is told to the house: once more, if whoever was told has died. */
interface Saying {
  name: string;
  role: Role;
  say: () => Promise<unknown>;
}

interface Choice {
  what: string;
  weight: number;
  do: () => Promise<void>;
}

/** One schedule: who goes next is drawn from its seed, between every two calls to the world outside. */
export class Walk {
  readonly trace: string[] = [];
  readonly setting: Setting;
  private readonly dice: Dice;
  private readonly actors: Actor[] = [];
  private readonly toSay: Saying[] = [];
  private readonly saying = new Map<Actor, Saying>();
  private readonly batches = new Map<Actor, DueRecord[]>();
  private repair;
  private readonly budget: Budget;

  constructor(
    private readonly world: World,
    readonly seed: number,
    private readonly missing: Missing = {},
    change: (setting: Setting) => Setting = (setting) => setting,
  ) {
    this.dice = new Dice(seed);
    this.setting = change(settingOf(this.dice));
    this.budget = { ...this.setting.budget };
    this.repair = world.repairer();
  }

  /** What was violated, if anything. */
  async run(): Promise<readonly string[]> {
    const { world } = this;
    await world.reset(this.missing);
    await this.setUp();
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const choices = this.choices(steps >= STEPS);
      if (choices.length === 0) break;
      const choice = this.dice.weigh(choices);
      this.trace.push(choice.what);
      await choice.do();
      if (world.violations.length > 0) break;
    }
    for (const actor of this.actors) {
      if (actor.isRunning && world.violations.length === 0) throw new Error(`${actor.name} has not ended`);
      await actor.crash();
    }
    if (world.violations.length === 0) {
      world.steps.missing = {};
      await world.settleAll();
      await world.checkEnds();
    }
    return world.violations;
  }

  private async setUp(): Promise<void> {
    const { world, setting } = this;
    const { policy } = world.tenant;
    const marketing = { ...policy.caps.marketing, max: setting.cap };
    world.tenant = { ...world.tenant, policy: { ...policy, caps: { ...policy.caps, marketing } } };
    await (setting.hasAgreed ? world.agreed() : world.someone());
    const rows: MessageRow[] = [];
    for (const [n, { isMarketing, customer, isReleased, cart }] of setting.rows.entries()) {
      const row = isMarketing
        ? await world.marketing(n, customer, `c${cart}`)
        : await world.service(n, customer);
      if (isReleased) rows.push(row);
    }
    await world.release(rows);
    for (const [n, kind] of setting.noes.entries()) {
      const { no, say } = noOf(kind, world);
      const role = kind === 'event' || kind === 'new address' ? 'ingest' : 'withdraw';
      const begin = async (): Promise<void> => {
        if (!world.noes.includes(no)) world.noes.push(no);
        await say();
      };
      this.toSay.push({ name: `no-${n} (${kind})`, role, say: begin });
    }
    if (setting.news !== null) {
      const events = newsOf(setting.news, 9);
      for (const [n, event] of [...events, ...(this.dice.chance(0.4) ? events : [])].entries()) {
        this.toSay.push({ name: `news-${n}`, role: 'ingest', say: () => world.tell(event) });
      }
    }
  }

  private choices(isClosing: boolean): Choice[] {
    const running = this.actors.filter((actor) => actor.isRunning);
    const choices = running.flatMap((actor) => this.stepsOf(actor));
    const isIdle = running.length === 0 && this.toSay.length === 0 && this.world.due().length === 0;
    // What is left is the scheduler's and repair's: the quiet run sees to it.
    if (isIdle && this.trace.length > SPARE_STEPS) return [];
    if (isClosing) return running.length === 0 ? [] : [...choices, ...this.passing()];
    if (this.budget.crash > 0) choices.push(...running.map((actor) => this.crashing(actor)));
    return [...choices, ...this.beginnings(running), ...this.passing()];
  }

  /** Each call that an actor stands before; one that sleeps between two looks wakes. */
  private stepsOf(actor: Actor): Choice[] {
    if (actor.sleeps) return [{ what: `${actor.name} looks again`, weight: 0.3, do: () => this.wake(actor) }];
    const weight = actor.role === 'withdraw' || actor.role === 'ingest' ? 3 : 2;
    return actor.stops.map((stop) => ({
      what: `${actor.name} ${stop.name}`,
      weight: weight / Math.sqrt(actor.stops.length),
      do: () => this.go(actor, stop),
    }));
  }

  private async wake(actor: Actor): Promise<void> {
    if (actor.role === 'dispatcher') throw new Error(`${actor.name} waits for what is no stop`);
    await this.go(actor, await actor.nextStop());
  }

  private async go(actor: Actor, stop: Stop): Promise<void> {
    const how = this.how(actor, stop);
    if (how !== 'go') this.trace.push(`  ${how}`);
    if (stop.kind !== 'answer' && how !== 'go') this.world.note(`a reply ${how}`);
    await actor.go(stop, how);
    this.ended(actor);
  }

  private ended(actor: Actor): void {
    for (const record of actor.isRunning ? [] : (this.batches.get(actor) ?? [])) record.holders -= 1;
    if (actor.isRunning) return;
    this.batches.delete(actor);
    const again = this.saying.get(actor);
    if (again !== undefined && actor.state !== 'done') this.toSay.push(again);
    this.saying.delete(actor);
    if (actor.state !== 'failed') return;
    const { error } = actor;
    // A lost server ends what runs; its due record comes again. Anything else is a fault.
    const isLost = (error as Error | null)?.name === 'MongoNetworkError';
    if (isLost) this.world.note('an actor gave up');
    else throw new Error(`seed ${this.seed}: ${actor.name} threw`, { cause: error });
  }

  private how(actor: Actor, { kind }: Stop): How {
    const { dice, budget } = this;
    if (kind === 'answer') return this.answer();
    if (
      kind === 'read' &&
      actor.role === 'dispatcher' &&
      actor.mayBeStale &&
      this.world.steps.remembers &&
      budget.stale > 0 &&
      dice.chance(0.5)
    ) {
      budget.stale -= 1;
      return 'stale';
    }
    if ((kind === 'read' || kind === 'write') && budget.hold > 0 && dice.chance(0.1)) {
      budget.hold -= 1;
      return 'hold';
    }
    if (kind === 'write' && budget.lost > 0 && dice.chance(0.05)) {
      budget.lost -= 1;
      return 'lost';
    }
    return 'go';
  }

  private answer(): Answer {
    const { dice, budget } = this;
    if (budget.later > 0 && dice.chance(0.5)) {
      budget.later -= 1;
      return 'try-later';
    }
    if (budget.timeout > 0 && dice.chance(0.5)) {
      budget.timeout -= 1;
      return dice.pick(['timeout-sent', 'timeout-unsent'] as const);
    }
    if (budget.refuse > 0 && dice.chance(0.5)) {
      budget.refuse -= 1;
      return dice.pick(['rejected', 'bad-address'] as const);
    }
    return 'accepted';
  }

  private crashing(actor: Actor): Choice {
    return {
      what: `${actor.name} CRASHES`,
      weight: 0.12,
      do: async () => {
        this.budget.crash -= 1;
        this.world.note('a crash');
        for (const call of this.world.callsOf(actor)) {
          await this.world.take(call, this.dice.chance(0.5) ? 'accepted' : 'timeout-unsent');
        }
        await actor.crash();
        this.ended(actor);
        if (actor.role === 'repair') this.repair = this.world.repairer();
      },
    };
  }

  private beginnings(running: readonly Actor[]): Choice[] {
    const { world } = this;
    const idle = (role: Role, most: number): boolean =>
      running.filter((actor) => actor.role === role).length < most;
    const choices: Choice[] = [];
    const due = world.due();
    // Of a rebalance: what another has still in hand.
    const free = due.filter(({ holders }) => holders === 0 || this.dice.chance(0.15));
    if (free.length > 0 && idle('dispatcher', this.setting.dispatchers)) {
      const batch = free.slice(0, 1 + this.dice.below(3));
      choices.push(
        this.beginning(
          `dispatcher-${this.actors.length}`,
          'dispatcher',
          1.5,
          () => world.deliver(batch),
          (actor) => this.batches.set(actor, batch),
        ),
      );
    }
    this.toSay.forEach((one, index) => {
      choices.push(
        this.beginning(one.name, one.role, 0.6, one.say, (actor) => {
          this.toSay.splice(index, 1);
          this.saying.set(actor, one);
        }),
      );
    });
    if (idle('scheduler', 1)) {
      const run = (): Promise<unknown> => world.releaseDue.runOnce(world.clock.now());
      choices.push(this.beginning('scheduler', 'scheduler', 0.12, run));
    }
    if (idle('repair', 1)) {
      const { repair } = this;
      const run = (): Promise<unknown> => repair.runOnce(world.clock.now());
      choices.push(this.beginning('repair', 'repair', 0.08, run));
    }
    if (idle('resolve', 1)) {
      choices.push(this.beginning('resolve', 'resolve', 0.04, () => world.resolveUnknown()));
    }
    return choices;
  }

  private beginning(
    name: string,
    role: Role,
    weight: number,
    work: () => Promise<unknown>,
    begun: (actor: Actor) => void = () => undefined,
  ): Choice {
    return {
      what: `${name} begins`,
      weight,
      do: async () => {
        const actor = new Actor(name, role, () => this.world.mono());
        begun(actor);
        if (role === 'withdraw' || role === 'ingest') await this.world.rememberNow();
        this.actors.push(actor);
        await actor.start(work);
        this.ended(actor);
      },
    };
  }

  /** Time, for all at once; not past the end of a call that a provider has still in hand. */
  private passing(): Choice[] {
    const { world } = this;
    const calls = this.actors.flatMap((actor) =>
      actor.isRunning ? actor.stops.filter(({ kind }) => kind === 'answer') : [],
    );
    const most = Math.min(
      ...calls.map(({ since }) => Q_MS - (world.mono() - since)),
      Number.POSITIVE_INFINITY,
    );
    return PASSES_MS.filter((ms) => ms <= most).map((ms) => ({
      what: `${ms} ms pass`,
      weight: 0.06,
      do: async () => world.clock.pass(ms),
    }));
  }
}
