import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import type mongoose from 'mongoose';
import { Query } from 'mingo';

export type Role = 'dispatcher' | 'withdraw' | 'ingest' | 'scheduler' | 'repair' | 'resolve' | 'webhook';

/**
 * How a stopped call goes on. `hold`: it is made, and its reply comes later; `lost`: it is made, and its reply never
 * comes; `stale`: a read is answered by a primary that does not know yet that it is none. What is none of these is what
 * the provider answers.
 */
export type How = 'go' | 'hold' | 'lost' | 'stale' | Answer;
export const ANSWERS = [
  'accepted',
  'try-later',
  'timeout-sent',
  'timeout-unsent',
  'rejected',
  'bad-address',
] as const;
export type Answer = (typeof ANSWERS)[number];

export interface Stop {
  name: string;
  kind: 'read' | 'write' | 'topic' | 'call' | 'answer' | 'reply';
  /** By the clock that all share, in milliseconds. */
  since: number;
  resume: (how: How) => void;
  /** Resolves when what it stood before is done. */
  done: Promise<void>;
}

/** A process, or one run of a part of it: it stops before everything that others could see, until it is told to go on. */
export class Actor {
  readonly stops: Stop[] = [];
  /** Writes put off, and what was read too early, where a part of the protocol is taken out. */
  readonly putOff: (() => Promise<unknown>)[] = [];
  readFirst: Documents | undefined;
  state: 'running' | 'done' | 'failed' | 'dead' = 'running';
  error: unknown;
  /** Until it has read afresh, its reads may be stale: a driver that has seen the new primary keeps to it. */
  mayBeStale = true;

  constructor(
    readonly name: string,
    readonly role: Role,
    private readonly mono: () => number = () => 0,
  ) {}

  /** Sets out; it runs until its first stop. */
  async start(work: () => Promise<unknown>): Promise<this> {
    acting
      .run(this, work)
      .then(() => {
        if (this.state === 'running') this.state = 'done';
      })
      .catch((error: unknown) => {
        if (this.state === 'running') this.state = 'failed';
        this.error = error;
      });
    await this.settled();
    return this;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  /** Lets one stopped call be made, and whatever follows from it alone. */
  async go(stop: Stop, how: How = 'go'): Promise<void> {
    this.stops.splice(this.stops.indexOf(stop), 1);
    stop.resume(how);
    await stop.done;
    await this.settled();
  }

  /** It waits for time alone: how long that takes on this machine is nobody's business. */
  get sleeps(): boolean {
    return this.isRunning && this.isAsleep;
  }

  /** Where it stops next, once it has slept. */
  async nextStop(): Promise<Stop> {
    if (this.stops.length === 0) await new Promise<void>((resolve) => (this.woken = resolve));
    return this.stops[0]!;
  }

  /** It is no more: nothing of it is seen again. */
  async crash(): Promise<void> {
    this.state = 'dead';
    const answers = this.stops.filter(({ kind }) => kind === 'answer');
    this.stops.length = 0;
    // Only so that its timers end.
    for (const answer of answers) answer.resume('timeout-unsent');
    await settled();
  }

  private async settled(): Promise<void> {
    await settled();
    this.isAsleep = this.stops.length === 0;
  }

  /** Stands still until it may make the call. */
  async stop<T>(name: string, kind: Stop['kind'], act: (how: How) => Promise<T>): Promise<T> {
    const how = await this.wait(name, kind);
    if (this.state === 'dead' && kind !== 'answer') return never();
    let result: T;
    try {
      result = await act(how);
    } finally {
      this.made();
    }
    if (how === 'hold') {
      await this.wait(`${name} replies`, 'reply');
      this.made();
    }
    if (this.state === 'dead' && kind !== 'answer') return never();
    if (how === 'lost') throw Object.assign(new Error('connection closed'), { name: 'MongoNetworkError' });
    return result;
  }

  private wait(name: string, kind: Stop['kind']): Promise<How> {
    if (this.state === 'dead') return never();
    return new Promise((resolve) => {
      let made = (): void => undefined;
      const done = new Promise<void>((settle) => (made = settle));
      this.stops.push({
        ...{ name, kind, since: this.mono(), done },
        resume: (how) => {
          this.made = made;
          resolve(how);
        },
      });
      this.woken();
    });
  }

  private made = (): void => undefined;
  private woken = (): void => undefined;
  private isAsleep = false;
}

const acting = new AsyncLocalStorage<Actor>();

/** Whose code is running; undefined: the test's own. */
export const actor = (): Actor | undefined => acting.getStore();

/** Runs without stops: a look at the world that nobody in it takes. */
export const aside = <T>(look: () => T): T => acting.exit(look);

/** What an actor does that others could see. */
export function stop<T>(name: string, kind: Stop['kind'], act: (how: How) => Promise<T>): Promise<T> {
  const own = actor();
  return own === undefined ? act('go') : own.stop(name, kind, act);
}

const never = (): Promise<never> => new Promise(() => undefined);

/** Whatever needs no call has happened: promises have been followed to where they wait for something outside. */
async function settled(): Promise<void> {
  await turn();
  await turn();
}

export interface UpdateOp {
  updateOne: { filter: Record<string, unknown>; update: Record<string, Record<string, unknown>> };
}

/** A part of the protocol that is taken out, by what the store or the clock then does for whom. */
export interface Missing {
  /** Changes a write before the store is told; `skip`: it is not told; `later`: after the next write to `customers`. */
  write?: (role: Role, collection: string, op: UpdateOp) => 'skip' | 'later' | undefined;
  /** A collection that this role reads before `customers` instead of after it. */
  readsFirst?: { role: Role; collection: string };
  /** Answers a read in the store's place. */
  read?: (role: Role, collection: string, filter: Record<string, unknown>) => readonly unknown[] | undefined;
  /** How a document looks to whom it was read for. */
  sees?: (role: Role, collection: string, document: Record<string, unknown>) => Record<string, unknown>;
  /** Whether events are committed before they were heard. */
  commitsFirst?: boolean;
  /** Whom a bulk tells that every write of it has won. */
  tellsAllWon?: Role;
  /** The clock of whoever runs. */
  mono?: (role: Role, mono: number) => number;
  /** What the provider's answer is taken for. */
  hears?: (answer: Answer) => Answer;
}

type Call = (...args: unknown[]) => Promise<unknown>;
type Documents = Record<string, unknown>[];

const ONE = ['insertOne', 'insertMany', 'updateOne', 'updateMany', 'deleteOne', 'deleteMany'];
/** What a dispatcher reads and others write. */
const REMEMBERED = ['messages', 'customers', 'bookings', 'suppressions'];
const LOOKS = ['findOne', 'countDocuments', 'distinct'];

/** Puts a stop before every call to the store on this connection. */
export class StoppedStore {
  missing: Missing = {};
  private readonly before = new Map<string, Documents>();

  private all: (collection: string) => Promise<Documents> = () => Promise.resolve([]);

  attach(connection: mongoose.Connection): void {
    const { db } = connection;
    if (db === undefined) throw new Error('not connected');
    this.all = (collection) => db.collection(collection).find({}).toArray();
    for (const { name, methods } of collectionsOf(connection)) {
      for (const method of ONE) {
        const write = methods[method]!.bind(methods);
        methods[method] = (...args) => stop(`${name}.${method}`, 'write', () => write(...args));
      }
      for (const method of LOOKS) {
        const look = methods[method]!.bind(methods);
        methods[method] = (...args) =>
          stop(`${name}.${method}`, 'read', async (how) => {
            if (method !== 'findOne') return look(...args);
            if (how === 'stale') return this.asBefore(name, args[0] as object)[0] ?? null;
            const found = (await look(...args)) as Record<string, unknown> | null;
            return found && this.seen(name, found);
          });
      }
      this.stopFind(name, methods);
      this.stopBulk(name, methods);
    }
  }

  /** What a deposed primary still has. */
  async remember(connection: mongoose.Connection): Promise<void> {
    const { db } = connection;
    if (db === undefined) throw new Error('not connected');
    await Promise.all(
      REMEMBERED.map(async (name) => {
        this.before.set(name, await db.collection(name).find({}).toArray());
      }),
    );
  }

  get remembers(): boolean {
    return this.before.size > 0;
  }

  forget(): void {
    this.before.clear();
  }

  private asBefore(name: string, filter: object): Documents {
    return asked(this.before.get(name) ?? [], filter);
  }

  private stopFind(name: string, methods: Record<string, Call>): void {
    const find = methods['find']!.bind(methods) as unknown as (...args: unknown[]) => {
      toArray: () => Promise<unknown>;
    };
    const stopped = (...args: unknown[]): unknown => {
      const cursor = find(...args);
      const toArray = cursor.toArray.bind(cursor);
      const filter = (args[0] ?? {}) as Record<string, unknown>;
      cursor.toArray = async () => {
        await this.readFirst(name);
        return stop(`${name}.find`, 'read', async (how) => {
          const own = actor();
          const early = own?.role === this.missing.readsFirst?.role ? own?.readFirst : undefined;
          if (early && name === this.missing.readsFirst?.collection) return asked(early, filter);
          const instead = own && this.missing.read?.(own.role, name, filter);
          if (instead !== undefined) return instead;
          if (how === 'stale' && this.before.has(name)) return this.asBefore(name, filter);
          if (own !== undefined) own.mayBeStale = false;
          return ((await toArray()) as Documents).map((one) => this.seen(name, one));
        });
      };
      return cursor;
    };
    methods['find'] = stopped as unknown as Call;
  }

  private seen(name: string, document: Record<string, unknown>): Record<string, unknown> {
    const own = actor();
    return own === undefined ? document : (this.missing.sees?.(own.role, name, document) ?? document);
  }

  /** Whoever is about to read `customers` reads that now which was to be read after. */
  private async readFirst(name: string): Promise<void> {
    const own = actor();
    const early = this.missing.readsFirst;
    if (own === undefined || name !== 'customers' || own.role !== early?.role) return;
    own.readFirst = await aside(() => this.all(early.collection));
  }

  /** A bulk is many writes, in any order, each on its own. */
  private stopBulk(name: string, methods: Record<string, Call>): void {
    const bulk = methods['bulkWrite']!.bind(methods);
    methods['bulkWrite'] = async (...args) => {
      const own = actor();
      if (own === undefined) return bulk(...args);
      const [ops, ...rest] = args as [UpdateOp[], ...unknown[]];
      const results = await Promise.allSettled(
        ops.map((op) =>
          stop(`${name}.bulkWrite`, 'write', async () => {
            const what = this.missing.write?.(own.role, name, op);
            if (what === 'later') own.putOff.push(() => bulk([op], ...rest));
            if (what !== undefined) return { matchedCount: 1 };
            const result = (await bulk([op], ...rest)) as { matchedCount: number };
            return this.missing.tellsAllWon === own.role ? { matchedCount: 1 } : result;
          }),
        ),
      );
      let matchedCount = 0;
      for (const result of results) {
        if (result.status === 'rejected') throw result.reason;
        matchedCount += result.value.matchedCount;
      }
      if (name === 'customers')
        for (const write of own.putOff.splice(0)) await stop('what was put off', 'write', write);
      return { matchedCount };
    };
  }
}

function asked(documents: Documents, filter: object): Documents {
  const query = new Query(filter);
  return structuredClone(documents.filter((one) => query.test(one)));
}

function collectionsOf(connection: mongoose.Connection): { name: string; methods: Record<string, Call> }[] {
  return Object.values(connection.collections).map((collection) => ({
    name: collection.collectionName,
    methods: collection as unknown as Record<string, Call>,
  }));
}
