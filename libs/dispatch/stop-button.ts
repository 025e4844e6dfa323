import { setTimeout as wait } from 'node:timers/promises';
import { isWithin, type Pause, type PauseScope } from '#consent/pause';
import type { PauseStore } from '#consent/pause.store';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';

/** A provider call begins within W of its pass (PROTOCOL, W): no wait needs to be longer. */
const W_MS = 5_000;
const POLL_MS = 50;

/**
 * The stop button of a tenant. Once `press` has answered, no provider call begins that it concerns: every pass reads
 * the buttons with its facts and calls within W of that reading. So it is over when no row is released or being sent
 * that a pass may have read before, and at the latest after W. A legal duty is not stopped.
 */
export class StopButton {
  constructor(
    private readonly pauses: PauseStore,
    private readonly messages: MessageStore,
    private readonly clock: Clock,
  ) {}

  async list(tenant: string): Promise<Pause[]> {
    return this.pauses.list(tenant);
  }

  /** What is paused then. */
  async press(tenant: string, scope: PauseScope, by: string): Promise<Pause[]> {
    await this.pauses.press(tenant, scope, by, this.clock.now());
    const acknowledged = this.clock.mono();
    while ((await this.messages.isOnTheWay(tenant, scope)) && this.clock.mono() - acknowledged < W_MS) {
      await wait(POLL_MS);
    }
    return this.pauses.list(tenant);
  }

  /**
   * Lets every button go that lies within the scope. `held`: none does, and a wider one that is not let go still stops
   * all of it. What waits is looked at within two minutes.
   */
  async letGo(tenant: string, scope: PauseScope): Promise<{ kind: 'let-go' | 'held'; paused: Pause[] }> {
    const pressed = await this.pauses.list(tenant);
    const ended = pressed.filter((pause) => isWithin(pause, scope));
    const paused = pressed.filter((pause) => !ended.includes(pause));
    await this.pauses.letGo(ended);
    const isHeld = ended.length === 0 && paused.some((pause) => isWithin(scope, pause));
    return { kind: isHeld ? 'held' : 'let-go', paused };
  }
}
