import { describe, expect, it } from '@jest/globals';
import type { OptOut } from '#consent/suppression';
import { newCustomer } from '#customers/customer.types';
import { etagOf, etagsIn } from './customer-etag.js';

const at = new Date('2026-11-22T10:00:00Z');
const anna = { ...newCustomer('clinic', 'anna', at), email: 'anna@example.se' };
const no: OptOut = {
  kind: 'opt-out',
  tenant: 'clinic',
  keyId: 'k1',
  hash: 'h',
  channel: 'email',
  purpose: 'marketing',
  state: 'withdrawn',
  by: 'bo',
  via: 'page',
  at,
  recordedAt: at,
};

describe('the ETag of a customer', () => {
  it('stays when a message is sent or an event says nothing new', () => {
    const sent = {
      ...anna,
      rev: 'other',
      sends: [{ id: 'm', at, group: null }],
      updatedAt: new Date(at.getTime() + 1),
    };
    const gen = { version: 2, time: at, event: 'e2' };
    expect(etagOf({ ...sent, gen }, [no])).toBe(etagOf(anna, [no]));
  });

  it('changes with a fact, a choice, and what somebody else said of the address', () => {
    const tags = [
      etagOf(anna, []),
      etagOf({ ...anna, phone: '+46701740605' }, []),
      etagOf({ ...anna, restrictedAt: at }, []),
      etagOf(
        {
          ...anna,
          choiceLog: [{ ...no, id: 'c', noticeVersion: '1', language: 'sv', method: 'm', place: 'p' }],
        },
        [],
      ),
      etagOf(anna, [no]),
      etagOf(anna, [no, { ...no, state: 'objected' }]),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('does not depend on the order in which a store answers', () => {
    const other: OptOut = { ...no, by: 'cy' };
    expect(etagOf(anna, [no, other])).toBe(etagOf(anna, [other, no]));
  });
});

describe('If-Match', () => {
  it('holds strong tags only, each whole', () => {
    expect(etagsIn('"a", W/"b" ,"c"')).toEqual(['"a"', '"c"']);
    expect(etagsIn('*')).toEqual([]);
    expect(etagsIn('a')).toEqual([]);
  });
});
