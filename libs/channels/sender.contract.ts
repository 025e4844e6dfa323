import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Permit } from '#consent/may-send';
import { StoppedClock } from '#platform/clock';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import type { Outcome } from './outcome.js';
import type { Sender, SenderOptions } from './sender.js';

/** What a provider can do to a message. */
export type Turn =
  'rate-limited' | 'rejected' | 'bad-address' | 'opted-out' | 'broken' | 'silent' | 'dropped' | 'down';

/** A sender with its provider at the other end. */
export interface SenderStand {
  sender: Sender;
  /** The next message meets this. */
  turn(what: Turn): void | Promise<void>;
  /** How many messages reached the provider. */
  received(): number | Promise<number>;
  /** The provider that was `down` can be reached again. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

export interface SenderContract {
  channel: 'email' | 'sms';
  /** Opens both; `timeoutMs` is Q. */
  open(options: SenderOptions): Promise<SenderStand>;
  /** What each turn leads to; a text says why this sender has no such turn. */
  turns: Record<Turn, Outcome | string>;
}

const ANSWERS_SOON_MS = 30_000;
/** Long enough for the message after the silent one, also on a loaded machine. */
const GIVES_UP_MS = 2_000;

/** What every sender promises: one request a permit, and an outcome that never says more than is known. */
export function senderContract(name: string, contract: SenderContract): void {
  describe(`sender: ${name}`, () => {
    let clock: StoppedClock;
    let stand: SenderStand;
    const open = async (timeoutMs = ANSWERS_SOON_MS) => {
      clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
      stand = await contract.open({ account: 'acme', clock, timeoutMs });
    };
    beforeEach(() => open());
    afterEach(() => stand.close());

    it('is accepted, with the id that the provider knows it by', async () => {
      const envelope = anEnvelope(contract.channel);
      const outcome = await stand.sender.send(permitOf(envelope), envelope);
      expect(outcome).toEqual({ kind: 'accepted', providerId: expect.stringMatching(/./) });
      expect(await stand.received()).toBe(1);
    });

    const { silent, ...atOnce } = contract.turns;
    for (const [turn, expected] of Object.entries(atOnce) as [Turn, Outcome | string][]) {
      if (typeof expected === 'string') {
        it.skip(`${turn}: ${expected}`, () => {});
        continue;
      }
      it(`${turn} is ${expected.kind}, and the next message goes out`, async () => {
        await stand.turn(turn);
        const hit = anEnvelope(contract.channel);
        const outcome = await stand.sender.send(permitOf(hit), hit);
        expect(outcome).toEqual(expected);
        expect(JSON.stringify(outcome)).not.toMatch(/anna|example\.se|4670/i);
        if (turn === 'down') await stand.recover();
        const next = anEnvelope(contract.channel);
        expect(await stand.sender.send(permitOf(next), next)).toMatchObject({ kind: 'accepted' });
      });
    }

    if (typeof silent === 'string') it.skip(`silent: ${silent}`, () => {});
    else {
      it(`silent is ${silent.kind} after Q, and the next message goes out`, async () => {
        await stand.close();
        await open(GIVES_UP_MS);
        await stand.turn('silent');
        const hit = anEnvelope(contract.channel);
        expect(await stand.sender.send(permitOf(hit), hit)).toEqual(silent);
        const next = anEnvelope(contract.channel);
        expect(await stand.sender.send(permitOf(next), next)).toMatchObject({ kind: 'accepted' });
      });
    }

    const { down } = contract.turns;
    if (typeof down === 'string') it.skip(`its breaker: ${down}`, () => {});
    else {
      it('is left alone once it was down ten times in a row, until one message finds it back', async () => {
        await stand.turn('down');
        const sendNow = () => {
          const envelope = anEnvelope(contract.channel);
          return stand.sender.send(permitOf(envelope, { startedMono: clock.mono() }), envelope);
        };
        for (let n = 0; n < 10; n += 1) expect(await sendNow()).toEqual(down);
        const before = await stand.received();
        await stand.recover();
        const open = await sendNow();
        expect(open).toMatchObject({ kind: 'retry-at', reason: 'circuit-open', trouble: 'resting' });
        expect(await stand.received()).toBe(before);
        const envelope = anEnvelope(contract.channel);
        const used = permitOf(envelope, { startedMono: clock.mono() });
        await stand.sender.send(used, envelope);
        await expect(stand.sender.send(used, envelope)).rejects.toThrow();
        clock.pass(10_000);
        expect(await sendNow()).toMatchObject({ kind: 'accepted' });
      });
    }

    it('gives back what is late, without a request', async () => {
      const envelope = anEnvelope(contract.channel);
      const permit = permitOf(envelope, { startedMono: clock.mono() });
      clock.pass(5_000);
      expect(await stand.sender.send(permit, envelope)).toEqual({ kind: 'late' });
      expect(await stand.received()).toBe(0);
    });

    it('sends just before it would be late', async () => {
      const envelope = anEnvelope(contract.channel);
      const permit = permitOf(envelope, { startedMono: clock.mono() });
      clock.pass(4_999);
      expect(await stand.sender.send(permit, envelope)).toMatchObject({ kind: 'accepted' });
    });

    it('takes a permit once', async () => {
      const envelope = anEnvelope(contract.channel);
      const permit = permitOf(envelope);
      await stand.sender.send(permit, envelope);
      await expect(stand.sender.send(permit, envelope)).rejects.toThrow();
      expect(await stand.received()).toBe(1);
    });

    it.each([
      ['another address', { to: contract.channel === 'email' ? 'bo@example.se' : '+46701740606' }],
      ['another message', { message: 'wellnesskliniken/bo/confirmation/email/b1/1' }],
      ['another ref', { ref: 'f'.repeat(32) }],
      ['another channel', { channel: contract.channel === 'email' ? 'sms' : 'email' } as const],
    ])('refuses a permit for %s', async (_, changes) => {
      const envelope = anEnvelope(contract.channel);
      await expect(stand.sender.send(permitOf(envelope), { ...envelope, ...changes })).rejects.toThrow();
      expect(await stand.received()).toBe(0);
    });

    it('refuses a look-alike of a permit', async () => {
      const envelope = anEnvelope(contract.channel);
      const forged = { ...permitOf(envelope) } as unknown as Permit;
      await expect(stand.sender.send(forged, envelope)).rejects.toThrow();
      expect(await stand.received()).toBe(0);
    });

    it('is not constructible without the permit', () => {
      const envelope = anEnvelope(contract.channel);
      // @ts-expect-error a permit is needed: a path around the gate does not compile
      const send = () => stand.sender.send(envelope);
      expect(send).toBeDefined();
    });
  });
}
