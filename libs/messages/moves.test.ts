import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { drawMoves } from './draw-moves.js';
import { messageId } from './message-id.js';
import { messageRow } from './message.fixture.js';
import { canMove, MOVES, STATUSES, type Status } from './moves.js';
import { transition } from './transition.js';

const at = new Date('2026-05-04T07:00:00Z');

describe('moves', () => {
  it('are drawn in the README as they are in the table', () => {
    const readme = readFileSync(join(rootDir(), 'libs/messages/README.md'), 'utf8');
    const drawn = /<!-- moves -->\n([\s\S]*?)\n?<!-- \/moves -->/.exec(readme)?.[1];
    expect(drawn).toBe(drawMoves());
  });

  it('lead from every state but the ends, and to planned only from what was surely not sent or is sent anew', () => {
    const toPlanned = STATUSES.filter((from) => canMove(from, 'planned'));
    expect(toPlanned).toEqual(['released', 'sending', 'failed', 'unknown']);
    const ends = STATUSES.filter((from) => Object.keys(MOVES[from]).length === 0);
    expect(ends).toEqual(['bounced', 'complained', 'refused', 'cancelled', 'expired']);
  });

  it('never bring a message that may have been sent back to released or sending', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STATUSES), { maxLength: 12 }), (wishes) => {
        let status: Status = 'accepted';
        for (const wish of wishes) if (canMove(status, wish)) status = wish;
        // Only a person's retry of a failed one leads to a new sending.
        return status !== 'released' && status !== 'sending' && status !== 'unknown'
          ? true
          : wishes.includes('failed') && wishes.includes('planned');
      }),
    );
  });

  it('reach every state from planned', () => {
    const reached = new Set<Status>(['planned']);
    for (const status of reached) for (const next of Object.keys(MOVES[status])) reached.add(next as Status);
    expect([...reached].sort()).toEqual([...STATUSES].sort());
  });
});

describe('transition', () => {
  it('moves only what is still as it was seen, under a new rev, and says why', () => {
    const row = messageRow({ status: 'planned' }) as ReturnType<typeof messageRow> & { status: 'planned' };
    const move = transition(row, 'cancelled', 'booking.cancelled.v1', at, { reason: 'withdrawn' });
    expect(move.filter).toEqual({ _id: row._id, tenant: row.tenant, status: 'planned', rev: row.rev });
    expect(move.nonce).not.toBe(row.rev);
    expect(move.update).toMatchObject({
      $set: { status: 'cancelled', reason: 'withdrawn', rev: move.nonce },
      $push: { history: { at, status: 'cancelled', why: 'booking.cancelled.v1' } },
    });
    expect(move.after).toMatchObject({ status: 'cancelled', rev: move.nonce, reason: 'withdrawn' });
  });

  it('does not compile, and throws, where the table has no way', () => {
    const row = messageRow({ status: 'accepted' }) as ReturnType<typeof messageRow> & { status: 'accepted' };
    // @ts-expect-error nothing leads from accepted to planned
    expect(() => transition(row, 'planned', undefined, at)).toThrow('no move from accepted to planned');
  });
});

describe('message ids', () => {
  it('are different for different parts, whatever the parts hold', () => {
    const part = fc.string({
      minLength: 0,
      maxLength: 6,
      unit: fc.constantFrom('a', '/', '%', '2', 'F', ' '),
    });
    const parts = fc.record({
      tenant: part,
      customer: part,
      journey: part,
      step: part,
      subject: part,
      gen: part,
    });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(messageId(one) === messageId(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});
