import { setTimeout as pause } from 'node:timers/promises';
import { HouseProcess } from '../processes.fixture.js';

/** What is to run: a name of its own, the app, and what its environment says beyond the house's. */
export interface SlotPlan {
  name: string;
  app: string;
  env?: Record<string, string>;
}

/** A kill as it happened; times by the monotonic clock of the test, in milliseconds. */
export interface Death {
  slot: string;
  at: number;
  /** Until its successor answered, and until it took work; null: it was killed before. */
  upMs: number | null;
  readyMs: number | null;
}

interface Slot {
  plan: SlotPlan;
  process: HouseProcess | null;
  url: string | null;
  /** Rises with every life: what is heard of an earlier one is not about this. */
  life: number;
}

/** As a supervisor does where a program ends of its own: at a boot without a store, for instance. */
/** All of them at once, on a machine that does other things too. */
const BOOT_MS = 300_000;
const START_AGAIN_MS = 500;
const LOOK_EACH_MS = 100;

/** The processes of the house: each starts again whenever it ends, until the house closes. */
export class House {
  readonly deaths: Death[] = [];
  /** Ends that nobody asked for, by slot. */
  readonly ownEnds: { slot: string; at: number; said: string }[] = [];
  private readonly slots: Map<string, Slot>;
  private readonly watch: NodeJS.Timeout;
  private isOpen = true;

  constructor(
    plans: readonly SlotPlan[],
    private readonly env: Record<string, string>,
  ) {
    this.slots = new Map(plans.map((plan) => [plan.name, { plan, process: null, url: null, life: 0 }]));
    this.watch = setInterval(() => this.lookAfter(), LOOK_EACH_MS);
  }

  /** Starts them, two at a time; resolves once all of them take work. */
  async open(): Promise<void> {
    const all = [...this.slots.values()];
    for (let from = 0; from < all.length; from += 2) {
      const pair = all.slice(from, from + 2);
      for (const slot of pair) this.start(slot, null);
      await this.until(pair, async ({ url }) => url !== null);
    }
    await this.until(all, async ({ url }) => (await statusOf(url)) === 200);
  }

  private async until(slots: readonly Slot[], isSo: (slot: Slot) => Promise<boolean>): Promise<void> {
    const end = performance.now() + BOOT_MS;
    for (const slot of slots) {
      while (!(await isSo(slot))) {
        if (performance.now() > end) {
          const said = this.ownEnds.at(-1)?.said ?? slot.process?.log.slice(-1_500) ?? '';
          throw new Error(`${slot.plan.name} is not ready: ${said}`);
        }
        await pause(100);
      }
    }
  }

  /** Where an app listens now, or listened last; a port where nobody is, before its first boot. */
  door(app: string): string {
    const doors = [...this.slots.values()].filter(({ plan }) => plan.app === app);
    return doors.find(({ url }) => url !== null)?.url ?? 'http://127.0.0.1:1';
  }

  isUp(name: string): boolean {
    return this.slots.get(name)?.url != null;
  }

  /** SIGKILL; its successor starts after `awayMs`. */
  async kill(name: string, awayMs: number): Promise<void> {
    const slot = this.slots.get(name);
    if (!slot?.process) return;
    const killed = slot.process;
    slot.process = null;
    slot.url = null;
    slot.life += 1;
    const death: Death = { slot: name, at: performance.now(), upMs: null, readyMs: null };
    this.deaths.push(death);
    await killed.kill();
    await pause(awayMs);
    if (this.isOpen) this.start(slot, death);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    clearInterval(this.watch);
    await Promise.all([...this.slots.values()].map(async (slot) => slot.process?.kill()));
  }

  private start(slot: Slot, death: Death | null): void {
    slot.life += 1;
    const { life } = slot;
    const { app, env = {} } = slot.plan;
    const child = HouseProcess.start(app, { ...this.env, ...env });
    slot.process = child;
    const isSame = (): boolean => slot.life === life && this.isOpen;
    void (async () => {
      const url = await child.url();
      if (!isSame()) return;
      slot.url = url;
      if (death) death.upMs = performance.now() - death.at;
      while (isSame() && (await statusOf(url)) !== 200) await pause(100);
      if (death && isSame()) death.readyMs = performance.now() - death.at;
    })().catch(() => undefined);
  }

  private lookAfter(): void {
    for (const slot of this.slots.values()) {
      if (!slot.process?.ended) continue;
      this.ownEnds.push({
        slot: slot.plan.name,
        at: performance.now(),
        said: slot.process.log.slice(-1_500),
      });
      slot.process = null;
      slot.url = null;
      slot.life += 1;
      const { life } = slot;
      void pause(START_AGAIN_MS).then(() => {
        if (this.isOpen && slot.life === life) this.start(slot, null);
      });
    }
  }
}

/** What `/readyz` says; the store speaks no HTTP: that it listens is all there is to know. 0: nobody answered. */
async function statusOf(url: string | null): Promise<number> {
  if (url === null) return 0;
  if (!url.startsWith('http')) return 200;
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) });
    await answer.text();
    return answer.status;
  } catch {
    return 0;
  }
}
