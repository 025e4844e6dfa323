import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { connectMongo } from '#platform/mongo';
import { CampaignRows } from './campaign-rows.js';
import { messageRow } from './message.fixture.js';
import { MessageStore } from './message.store.js';
import type { MessageRow } from './message.types.js';
import type { Status } from './moves.js';

const T = 'wellnesskliniken';
const AT = new Date('2026-05-04T09:00:00Z');
const tried = {
  n: 1,
  ref: 'f'.repeat(32),
  channel: 'email' as const,
  at: AT,
  outcome: 'accepted',
  providerId: '1',
};

let server: EmbeddedStore;
let connection: mongoose.Connection;
let rows: CampaignRows;
beforeAll(async () => {
  server = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await connectMongo(server.uri);
  await new MessageStore(connection).createIndexes();
  rows = new CampaignRows(connection);
});
afterAll(async () => {
  await connection.close();
  await server.close();
});

const member = (of: string, changes: Partial<MessageRow>): MessageRow =>
  messageRow({
    _id: `${T}/${of}/c-1`,
    campaign: 'c-1',
    subject: { kind: 'campaign', id: 'c-1' },
    ...changes,
  });

describe('who left by the link of a campaign’s message', () => {
  it.each<Status>(['accepted', 'delivered', 'complained'])(
    'is noted with the one that was sent, where another of theirs in it was not (%s)',
    async (status) => {
      const all = connection.collection<MessageRow>('messages');
      await all.deleteMany({});
      // Berit was held out, and turned out to be Anna.
      const held = member('berit', { status: 'cancelled', variant: 'hold-out' });
      const sent = member('anna', { status, variant: 'A', attempts: [tried] });
      await all.insertMany([held, sent, { ...sent, _id: 'wellbe/anna/c-1', tenant: 'wellbe' }]);
      await rows.noteUnsubscribed(T, { customer: 'anna', campaign: 'c-1' }, AT);
      await rows.noteUnsubscribed(T, { customer: 'anna', campaign: 'c-1' }, AT);
      const left = async (tenant: string) =>
        (await rows.groups(tenant, 'c-1')).map((group) => [group.variant, group.unsubscribed]).sort();
      expect(await left(T)).toEqual([
        ['A', 1],
        ['hold-out', 0],
      ]);
      expect(await left('wellbe')).toEqual([['A', 0]]);
      expect((await all.findOne({ _id: sent._id }))?.history).toHaveLength(2);
    },
  );
});
