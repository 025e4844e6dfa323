import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CLINIC, Ledger } from '#privacy/ledger.fixture';
import type { Due } from './due.types.js';
import { FailDue } from './fail-due.js';

let ledger: Ledger;
let failDue: FailDue;
beforeAll(async () => {
  ledger = await Ledger.open();
  failDue = new FailDue(ledger.messages, ledger.clock);
});
afterAll(() => ledger.close());
beforeEach(() => ledger.clear());

const due = (one: Due): Buffer => Buffer.from(JSON.stringify(one));
const now = async (id: string) => (await ledger.messages.findByIds(CLINIC.id, [id]))[0];

describe('a due record that cannot be handled', () => {
  it('ends its row as failed, with why', async () => {
    const row = await ledger.row({ status: 'released', release: 2 });
    await failDue.fail(due({ tenant: CLINIC.id, id: row._id, release: 2 }), 'no such tenant');
    expect(await now(row._id)).toMatchObject({ status: 'failed' });
    expect((await now(row._id))?.history.at(-1)).toMatchObject({ status: 'failed', why: 'no such tenant' });
  });

  it('of another release leaves the row as it is', async () => {
    const row = await ledger.row({ status: 'released', release: 3 });
    await failDue.fail(due({ tenant: CLINIC.id, id: row._id, release: 2 }), 'x');
    expect((await now(row._id))?.status).toBe('released');
  });

  it('leaves a row alone that has been claimed meanwhile', async () => {
    const row = await ledger.row({ status: 'sending', release: 2 });
    await failDue.fail(due({ tenant: CLINIC.id, id: row._id, release: 2 }), 'x');
    expect((await now(row._id))?.status).toBe('sending');
  });

  it('that is no due record at all ends nothing and throws nothing', async () => {
    await expect(failDue.fail(Buffer.from('{"tenant":'), 'x')).resolves.toBeUndefined();
    await expect(failDue.fail(Buffer.from('null'), 'x')).resolves.toBeUndefined();
  });
});
