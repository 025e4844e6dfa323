import { DateTime } from 'luxon';
import { AdvanceClock } from '#dispatch/advance-clock';
import type { BootedApp } from '#platform/boot';
import { Clock, type SystemClock } from '#platform/clock';
import { ClockLeadStore } from '#platform/clock-lead.store';
import type { Config } from '#platform/config';
import { Database } from '../database.js';
import { demoEvents, type DemoEvent } from './demo-events.js';

const ZONE = 'Europe/Stockholm';

/** How far the replay of this data folder has come. */
interface Replay {
  _id: string;
  /** Local midnight of the day that is replayed. */
  day: Date;
  doneAt: Date | null;
}

/**
 * Replays yesterday at the clinic and the travel site: each event comes in over HTTP at its hour, and the clock, led back a
 * day, goes on from one `dueAt` to the next until it is now again. Once for a data folder; what a crash broke off goes on,
 * since events that were heard change nothing a second time.
 */
export async function replayDemoDay(
  booted: BootedApp,
  config: Config,
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<void> {
  const { connection } = booted.app.get(Database);
  const clock: SystemClock = booted.app.get(Clock);
  const replays = connection.collection<Replay>('demo');
  let replay = await replays.findOne({ _id: 'day' });
  if (replay === null) {
    if ((await connection.collection('customers').countDocuments({})) > 0) return;
    const day = DateTime.fromJSDate(clock.now(), { zone: ZONE }).minus({ days: 1 }).startOf('day');
    replay = { _id: 'day', day: day.toJSDate(), doneAt: null };
    await replays.insertOne(replay);
  }
  if (replay.doneAt !== null) return;

  const day = DateTime.fromJSDate(replay.day, { zone: ZONE });
  const advance = booted.app.get(AdvanceClock);
  const events = demoEvents(day);
  await leadBackTo(timeOf(day, events[0]?.at ?? '07:30'), clock, new ClockLeadStore(connection));
  print(`  Replaying ${day.toFormat('d LLLL')} at the clinic and the travel site …`);
  for (const [index, event] of events.entries()) {
    const at = timeOf(day, event.at);
    await advance.advance(Math.max(0, at.getTime() - clock.now().getTime()));
    await post(booted.url, config, event, `demo-${String(index + 1).padStart(2, '0')}`, at);
  }
  await advance.advance(Math.max(0, -clock.lead));
  await replays.updateOne({ _id: 'day' }, { $set: { doneAt: clock.now() } });
  print(`  Done: ${events.length} events. See ${booted.url}/inbox`);
  print('');
}

/** Only ever before the first event is heard, or to where a broken-off replay stood. */
async function leadBackTo(begin: Date, clock: SystemClock, leads: ClockLeadStore): Promise<void> {
  if (clock.lead < 0) return;
  const lead = begin.getTime() - (clock.now().getTime() - clock.lead);
  await leads.keep(lead);
  clock.setLead(lead);
}

function timeOf(day: DateTime, time: string): Date {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return day.set({ hour, minute }).toJSDate();
}

async function post(url: string, config: Config, event: DemoEvent, id: string, at: Date): Promise<void> {
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${config.adminKey ?? ''}`,
      'lagom-tenant': event.tenant,
      'content-type': 'application/cloudevents+json',
    },
    body: JSON.stringify({
      specversion: '1.0',
      id,
      source: `/tenants/${event.tenant}`,
      type: event.type,
      time: at.toISOString(),
      ...(event.backfill ? { backfill: true } : {}),
      data: event.data,
    }),
  });
  if (answer.status !== 202) throw new Error(`the demonstration's ${id} was answered ${answer.status}`);
}
