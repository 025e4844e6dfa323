import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { PauseScope } from '#consent/pause';
import { CLINIC, NEIGHBOUR } from '#privacy/ledger.fixture';
import { accepted, Line } from './line.fixture.js';
import { StopButton } from './stop-button.js';

let line: Line;
let button: StopButton;
beforeAll(async () => {
  line = await Line.open();
  button = new StopButton(line.pauses, line.messages, line.clock);
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const scope = (named: Partial<PauseScope> = {}): PauseScope => ({
  stream: null,
  channel: null,
  purpose: null,
  ...named,
});
/** Pressed, with whether it has answered. */
function press(named?: Partial<PauseScope>) {
  const asked = { answered: false, done: Promise.resolve() };
  asked.done = button.press(CLINIC.id, scope(named), 'Maja').then(() => void (asked.answered = true));
  return asked;
}
const isPressed = async (): Promise<void> => {
  while ((await button.list(CLINIC.id)).length === 0) await wait(1);
};
/** Long enough for a few looks of the button. */
const aWhile = () => wait(150);
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

it('holds what falls due, for a minute and some, and lets it go afterwards', async () => {
  const id = await line.confirmation();
  await press().done;
  await line.runDue();
  const held = await line.rowOf(id);
  expect(held).toMatchObject({ status: 'planned', reason: 'paused' });
  const ms = held.dueAt!.getTime() - line.clock.now().getTime();
  expect([ms >= 60_000, ms < 120_000]).toEqual([true, true]);
  line.clock.pass(120_000);
  await line.runDue();
  expect(line.provider.calls).toEqual([]);
  expect(await button.letGo(CLINIC.id, scope())).toEqual({ kind: 'let-go', paused: [] });
  line.clock.pass(120_000);
  await line.runDue();
  expect(await line.rowOf(id)).toMatchObject({ status: 'accepted', reason: null });
});

it('does not stop a legal duty, nor the neighbour', async () => {
  await line.confirmation('anna', { purpose: 'legal-notice', dueClass: 'recall' });
  await press().done;
  await line.runDue();
  expect(line.provider.calls.map(({ purpose }) => purpose)).toEqual(['legal-notice']);
  expect(await button.list(NEIGHBOUR.id)).toEqual([]);
});

it('expires what was held for too long', async () => {
  const id = await line.confirmation();
  await press().done;
  line.clock.pass(3 * 86_400_000);
  await line.runDue();
  expect(await line.rowOf(id)).toMatchObject({ status: 'expired' });
});

it('answers once what is being sent has ended', async () => {
  await line.confirmation();
  const { open, opened } = gate();
  line.provider.answer = (envelope) => opened.then(() => accepted(envelope));
  const sending = line.runDue();
  while (line.provider.calls.length === 0) await wait(1);
  const elsewhere = press({ channel: 'sms' });
  await elsewhere.done;
  const asked = press();
  await aWhile();
  expect(asked.answered).toBe(false);
  open();
  await Promise.all([sending, asked.done]);
});

it('answers after W at the latest: no call of an older pass begins after that', async () => {
  await line.confirmation();
  const { open, opened } = gate();
  line.provider.answer = (envelope) => opened.then(() => accepted(envelope));
  const sending = line.runDue();
  while (line.provider.calls.length === 0) await wait(1);
  const asked = press();
  await isPressed();
  line.clock.pass(4_999);
  await aWhile();
  expect(asked.answered).toBe(false);
  line.clock.pass(1);
  await asked.done;
  open();
  await sending;
});

it('waits for a pass that has read its facts and claimed nothing yet', async () => {
  await line.confirmation();
  const read = gate();
  const goOn = gate();
  const load = line.facts.load.bind(line.facts);
  line.facts.load = async (...asked) => {
    const facts = await load(...asked);
    read.open();
    await goOn.opened;
    return facts;
  };
  try {
    const sending = line.runDue();
    await read.opened;
    const asked = press();
    await isPressed();
    await aWhile();
    expect([asked.answered, line.provider.calls.length]).toEqual([false, 0]);
    goOn.open();
    await Promise.all([sending, asked.done]);
    expect(line.provider.calls).toHaveLength(1);
  } finally {
    line.facts.load = load;
  }
});

it('pressed twice is pressed once, as it was first', async () => {
  await button.press(CLINIC.id, scope({ channel: 'sms' }), 'Maja');
  line.clock.pass(1_000);
  const pressed = await button.press(CLINIC.id, scope({ channel: 'sms' }), 'Nils');
  expect(pressed).toMatchObject([{ by: 'Maja', channel: 'sms', stream: null, purpose: null }]);
});

it('is not let go by a narrower name', async () => {
  await button.press(CLINIC.id, scope({ stream: 'marketing' }), 'Maja');
  expect(await button.letGo(CLINIC.id, scope({ purpose: 'newsletter' }))).toMatchObject({ kind: 'held' });
  expect(await button.letGo(CLINIC.id, scope({ purpose: 'booking' }))).toMatchObject({ kind: 'let-go' });
  expect(await button.list(CLINIC.id)).toHaveLength(1);
});
