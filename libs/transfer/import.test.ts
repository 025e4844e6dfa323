import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from '#privacy/ledger.fixture';
import { Imports } from './imports.fixture.js';
import { isFileFault } from './file-fault.js';

let ledger: Ledger;
let imports: Imports;
beforeAll(async () => {
  ledger = await Ledger.open();
  imports = await Imports.open(ledger);
});
beforeEach(() => ledger.clear());
afterAll(() => ledger.close());

const DAY = 86_400_000;
const gen = (version: number | null, time = NOW) => ({ version, time, event: 'e1' });
const customers = 'id,version,name,email,phone,updatedAt\n';
const choices = (rows: string) =>
  `customer,email,purpose,channel,state,at,noticeVersion,language,method,place,evidence\n${rows}\n`;
/** All that a yes needs. */
const proof = '2026-01-02T10:00:00Z,2026-01,sv,checkbox,/konto,the form as it was shown';

describe('customers', () => {
  it('are taken with their addresses in one form, and the same file again changes nothing', async () => {
    const file = `${customers}7,,Åsa Öst, Asa@Example.SE ,070-174 06 05,\n8,3,Bo Ek,bo@example.se,,\n`;
    expect(await imports.import(file)).toMatchObject({ status: 'done', counts: { created: 2 }, faults: [] });
    expect(await ledger.person('7')).toMatchObject({ email: 'asa@example.se', phone: '+46701740605' });
    expect(await ledger.customers.find(NEIGHBOUR.id, '7')).toBeNull();
    const before = [await ledger.person('7'), await ledger.person('8')];
    ledger.clock.pass(DAY);
    expect(await imports.import(file)).toMatchObject({ counts: { created: 0, updated: 0, unchanged: 2 } });
    expect([await ledger.person('7'), await ledger.person('8')]).toEqual(before);
  });

  it('leave nothing of the file behind once they are done', async () => {
    await imports.import(`${customers}7,,Åsa Öst,,,\n`);
    expect(await ledger.connection.collection('import_chunks').countDocuments({})).toBe(0);
  });

  it.each([
    ['without a version or a time: what an event said stands', '7,,New,,,', 'Old', 'older'],
    ['with a lower version', '7,1,New,,,', 'Old', 'older'],
    ['with a higher version', '7,3,New,,,', 'New', 'updated'],
    ['with a version, where the row is the older by time', '7,2,New,,,2020-01-01', 'New', 'updated'],
  ] as const)('%s', async (_, row, name, outcome) => {
    await ledger.customer({ customer: '7', name: 'Old', gen: gen(2) });
    expect(await imports.import(`${customers}${row}\n`)).toMatchObject({ counts: { [outcome]: 1 } });
    expect(await ledger.person('7')).toMatchObject({ name });
  });

  it('with a time are newer than an event that had no version and was earlier', async () => {
    await ledger.customer({ customer: '7', name: 'Old', gen: gen(null, new Date('2026-01-01')) });
    await imports.import(`${customers}7,,New,,,2026-02-01\n`);
    expect(await ledger.person('7')).toMatchObject({ name: 'New' });
  });

  it('mend what an import said before, where both say nothing about their age', async () => {
    await imports.import(`${customers}7,,Old,,,\n`);
    expect(await imports.import(`${customers}7,,New,,,\n`)).toMatchObject({ counts: { updated: 1 } });
    expect(await ledger.person('7')).toMatchObject({ name: 'New' });
  });

  it('never bring back who was erased, by id or by address', async () => {
    await ledger.customer({ customer: '7', email: 'asa@example.se', phone: '+46701740605' });
    await ledger.erase.erase(CLINIC.id, '7', 'staff');
    ledger.clock.pass(DAY);
    await ledger.customer({ customer: '10', email: 'eva@example.se', gen: gen(1) });
    const done = await imports.import(
      `${customers}7,99,Åsa,asa@example.se,,2026-05-05\n8,,Åsa,asa@example.se,,\n9,,Åsa,,0701740605,\n10,2,Eva,asa@example.se,,\n`,
    );
    expect(done).toMatchObject({ counts: { refused: 3, updated: 1 } });
    expect(done.faults.map(({ row, column }) => [row, column])).toEqual([
      [2, 'id'],
      [3, 'email'],
      [4, 'phone'],
    ]);
    expect(done.warnings).toEqual([
      expect.objectContaining({ rows: 1, detail: expect.stringContaining('erased') }),
    ]);
    expect(await ledger.person('7')).toMatchObject({ name: null, erasedAt: expect.any(Date) });
    expect(await ledger.customers.find(CLINIC.id, '8')).toBeNull();
    expect(await ledger.person('10')).toMatchObject({ email: 'eva@example.se' });
  });

  it('do not make a minor of age, nor forget an age; a guardian’s consent needs its proof', async () => {
    await ledger.customer({ customer: '7', birthDate: '2012-05-01', gen: gen(1) });
    const rows = [
      { id: '7', version: 2, birthDate: '1990-05-01' },
      { id: '7', version: 2, birthDate: null },
      { id: '7', version: 2, guardianConsent: { by: 'Eva', at: '2026-01-01T00:00:00Z' } },
    ];
    const done = await imports.import(JSON.stringify(rows), { format: 'json' });
    expect(done.faults).toMatchObject([
      { row: 1, pointer: '#/0/birthDate' },
      { row: 2, pointer: '#/1/birthDate' },
      { row: 3, pointer: '#/2/guardianConsent/evidence' },
    ]);
    expect(await ledger.person('7')).toMatchObject({ birthDate: '2012-05-01', guardianConsent: null });
  });

  it('with something wrong are refused row by row, and what would be right is said, not what was there', async () => {
    const file = `id,E-post,Telefon,Språk,Ändrad\n7,asa.example.se,ring mig,klingonska,2099-01-01\n,a@b.se,,,\n9,c@d.se,,,\n`;
    const done = await imports.import(file);
    expect(done).toMatchObject({ counts: { created: 1, refused: 2 }, errors: 5 });
    expect(done.faults.map(({ column }) => column)).toEqual(['E-post', 'Språk', 'Telefon', 'Ändrad', 'id']);
    expect(done.faults[2]).toMatchObject({
      ...{ row: 2, pointer: '#/0/phone' },
      detail: 'expected a phone number of SE, or one with its country code (+46…), got text of 8 characters',
    });
    expect(JSON.stringify(done.faults)).not.toMatch(/ring|asa/);
  });

  it('read the cells of attributes as the tenant’s file declares them', async () => {
    const done = await imports.import('id,member,attributes.since\n7,ja,2020-02-29\n8,kanske,\n');
    expect(await ledger.person('7')).toMatchObject({ attributes: { member: true, since: '2020-02-29' } });
    expect(done.warnings).toEqual([{ detail: 'attributes.member: expected boolean; kept out', rows: 1 }]);
  });

  it('with a card number are masked before anything is kept', async () => {
    const sent = await imports.send('id,name\n7,4242 4242 4242 4242\n');
    const [row] = await imports.store.readChunk(sent, 0);
    expect([JSON.stringify(row), imports.masked]).toEqual([expect.stringContaining('•••• 4242'), 1]);
    expect(JSON.stringify(row)).not.toContain('4242 4242');
  });

  it('of a dry run are counted and not written', async () => {
    const done = await imports.import(`${customers}7,,Åsa,,,\n8,,Bo,x,,\n`, { dryRun: true });
    expect(done).toMatchObject({ dryRun: true, counts: { created: 1, refused: 1 } });
    expect(await ledger.customers.find(CLINIC.id, '7')).toBeNull();
  });

  it('who were merged into another are left alone, and what they choose is chosen by who goes on for them', async () => {
    await ledger.customer({ customer: '7', name: 'Anna' });
    await ledger.customer({ customer: '8', name: 'Anna Ek' });
    await ledger.customers.write([
      { before: await ledger.person('7'), after: { ...(await ledger.person('7')), mergedInto: '8' } },
    ]);
    const done = await imports.import(`${customers}7,9,Other,,,\n`);
    expect(done).toMatchObject({ counts: { older: 1 }, warnings: [{ rows: 1 }] });
    const file = choices('7,,offers,sms,withdrawn,,,,,,\n8,,offers,email,withdrawn,,,,,,');
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { created: 2 } });
    expect((await ledger.customers.findExact(CLINIC.id, ['8']))[0]).toMatchObject({
      ...{ name: 'Anna Ek', choiceLog: [{ channel: 'sms' }, { channel: 'email' }] },
    });
  });

  it('whose address changes are asked about again: what is planned has another rev', async () => {
    await ledger.customer({ customer: '7', gen: gen(1) });
    const row = await ledger.row({ customer: '7' });
    await imports.import(`${customers}7,2,,new@example.se,,\n`);
    expect((await ledger.rowOf(row._id)).rev).not.toBe(row.rev);
  });
});

describe('choices', () => {
  beforeEach(() => ledger.customer({ customer: '7', email: 'asa@example.se' }));

  it('that are given are kept with their proof; again they add nothing', async () => {
    const file = choices(`7,,newsletter,email,given,${proof}`);
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { created: 1 } });
    expect((await ledger.person('7')).choiceLog).toMatchObject([
      {
        state: 'given',
        via: 'import',
        noticeVersion: '2026-01',
        evidence: 'the form as it was shown',
        lifts: false,
      },
    ]);
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { unchanged: 1 } });
    expect((await ledger.person('7')).choiceLog).toHaveLength(1);
  });

  it.each(['at', 'noticeVersion', 'language', 'method', 'place', 'evidence', 'customer'])(
    'that are given without %s are refused',
    async (missing) => {
      const record: Record<string, string> = {
        ...{
          customer: '7',
          email: 'asa@example.se',
          purpose: 'newsletter',
          channel: 'email',
          state: 'given',
        },
        ...{
          at: '2026-01-02T10:00:00Z',
          noticeVersion: '1',
          language: 'sv',
          method: 'a',
          place: 'b',
          evidence: 'c',
        },
      };
      expect(
        await imports.import(JSON.stringify([record]), { kind: 'choices', format: 'json' }),
      ).toMatchObject({
        counts: { created: 1 },
      });
      await ledger.clear();
      await ledger.customer({ customer: '7', email: 'asa@example.se' });
      delete record[missing];
      const done = await imports.import(JSON.stringify([record]), { kind: 'choices', format: 'json' });
      expect(done.faults).toMatchObject([{ column: missing, pointer: `#/0/${missing}` }]);
      expect((await ledger.person('7')).choiceLog).toEqual([]);
    },
  );

  it.each(['withdrawn', 'objected'] as const)(
    'that are given never lift what is %s, by the person or by somebody with the address',
    async (state) => {
      await imports.import(choices(`7,,marketing,all,${state},2025-01-01,,,,,`), { kind: 'choices' });
      await ledger.customer({ customer: '8', email: 'asa@example.se' });
      const done = await imports.import(
        choices([`7,,newsletter,email,given,${proof}`, `8,,newsletter,email,given,${proof}`].join('\n')),
        { kind: 'choices' },
      );
      expect(done).toMatchObject({ counts: { refused: 2 } });
      expect(done.faults[0]).toMatchObject({
        row: 2,
        column: 'state',
        detail: expect.stringContaining('only they'),
      });
      expect((await ledger.person('7')).choiceLog).toHaveLength(1);
      expect((await ledger.person('8')).choiceLog).toHaveLength(0);
    },
  );

  it('that say no need no proof, cancel what is planned, also of others with the address, and hold once', async () => {
    await ledger.customer({ customer: '8', email: 'asa@example.se' });
    const news = { purpose: 'newsletter', stream: 'marketing', dueClass: 'marketing' } as const;
    const [own, others, service] = [
      await ledger.row({ customer: '7', ...news }),
      await ledger.row({ customer: '8', ...news }),
      await ledger.row({ customer: '8', step: 'other' }),
    ];
    const file = choices('7,,nyhetsbrev,e-post,avregistrerad,,,,,,');
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { created: 1 } });
    expect(await ledger.rowOf(own._id)).toMatchObject({ status: 'cancelled', reason: 'withdrawn' });
    expect(await ledger.rowOf(others._id)).toMatchObject({ status: 'cancelled', reason: 'withdrawn' });
    expect(await ledger.rowOf(service._id)).toMatchObject({ status: 'planned' });
    const records = await ledger.connection.collection('suppressions').countDocuments({});
    ledger.clock.pass(DAY);
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { unchanged: 1 } });
    expect(await ledger.connection.collection('suppressions').countDocuments({})).toBe(records);
  });

  it('that say no of a person who is not known yet wait for them', async () => {
    await imports.import(choices('99,,offers,sms,withdrawn,,,,,,'), { kind: 'choices' });
    expect((await ledger.person('99')).choiceLog).toMatchObject([{ purpose: 'offers', state: 'withdrawn' }]);
    await imports.import(`${customers}99,,Eva,eva@example.se,,\n`);
    expect(await ledger.person('99')).toMatchObject({ name: 'Eva', choiceLog: [{ state: 'withdrawn' }] });
  });

  it('that say no of an address hold for everybody with it, and once', async () => {
    const news = { purpose: 'newsletter', stream: 'marketing', dueClass: 'marketing' } as const;
    const row = await ledger.row({ customer: '7', ...news });
    const file = choices(',ASA@example.se,marketing,all,objected,,,,,,');
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { created: 1 } });
    expect(await ledger.rowOf(row._id)).toMatchObject({ status: 'cancelled', reason: 'objected' });
    ledger.clock.pass(DAY);
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { unchanged: 1 } });
    const service = await imports.import(choices(',asa@example.se,survey,email,objected,,,,,,'), {
      kind: 'choices',
    });
    expect(service.faults).toMatchObject([{ column: 'customer' }]);
  });

  it('are not brought back by the same file once the person has said yes again', async () => {
    const file = choices('7,,newsletter,email,withdrawn,,,,,,');
    await imports.import(file, { kind: 'choices' });
    const yes = { purpose: 'newsletter', channel: 'email', state: 'given' } as const;
    const told = { noticeVersion: '1', language: 'sv', method: 'form', place: '/p' };
    ledger.clock.pass(DAY);
    const at = ledger.clock.now();
    await ledger.withdraw.hearChoices(CLINIC.id, '7', [{ ...yes, ...told }], {
      ...{ id: 'page', at, recordedAt: at, via: 'page', mayLift: true },
    });
    ledger.clock.pass(DAY);
    expect(await imports.import(file, { kind: 'choices' })).toMatchObject({ counts: { unchanged: 1 } });
    expect((await ledger.person('7')).choiceLog.at(-1)).toMatchObject({ state: 'given' });
  });
});

describe('suppressions', () => {
  const kind = 'suppressions' as const;

  it('hold at once for everybody with the address, in their scope; again they change nothing', async () => {
    await ledger.customer({ customer: '7', email: 'asa@example.se' });
    const news = { purpose: 'newsletter', stream: 'marketing', dueClass: 'marketing' } as const;
    const [advert, service] = [
      await ledger.row({ customer: '7', ...news }),
      await ledger.row({ customer: '7', step: 'x' }),
    ];
    const file = 'email,created\nASA@example.se,1700000000\n';
    expect(await imports.import(file, { kind })).toMatchObject({ counts: { created: 1 } });
    expect(await ledger.rowOf(advert._id)).toMatchObject({ status: 'cancelled', reason: 'suppressed' });
    const touched = await ledger.rowOf(service._id);
    expect([touched.status, touched.rev === service.rev]).toEqual(['planned', false]);
    const held = await ledger.suppressions.findByAddresses(CLINIC.id, [
      { kind: 'email', address: 'asa@example.se' },
    ]);
    expect(held.get('asa@example.se')).toMatchObject([
      { cause: 'import', scope: 'marketing', channel: 'all', at: new Date(1_700_000_000_000) },
    ]);
    expect(await imports.import(file, { kind })).toMatchObject({ counts: { unchanged: 1 } });
    expect((await ledger.rowOf(service._id)).rev).toBe(touched.rev);
  });

  it('of a bounce stop everything on their channel; a list may say what its rows do not', async () => {
    await imports.import('email,cause,scope\na@example.se,bounced,\nb@example.se,spamreport,service\n', {
      kind,
    });
    await imports.import('phone\n070-174 06 05\n', { kind, defaults: { cause: 'stop', scope: 'service' } });
    const asked = [
      { kind: 'email' as const, address: 'a@example.se' },
      { kind: 'email' as const, address: 'b@example.se' },
      { kind: 'phone' as const, address: '+46701740605' },
    ];
    const held = await ledger.suppressions.findByAddresses(CLINIC.id, asked);
    expect([...held.values()].flat()).toMatchObject([
      { cause: 'bounce', scope: 'all', channel: 'email' },
      { cause: 'complaint', scope: 'service', channel: 'all' },
      { cause: 'stop', scope: 'service', channel: 'all' },
    ]);
  });

  it('of a STOP that came after the one that is known count anew; the same file again does not', async () => {
    const list = (at: string): Promise<{ counts: object }> =>
      imports.import(`phone,cause,scope,at\n070-174 06 05,stop,service,${at}\n`, { kind });
    expect(await list('2023-05-01T10:00:00Z')).toMatchObject({ counts: { created: 1 } });
    expect(await list('2023-06-01T10:00:00Z')).toMatchObject({ counts: { created: 1 } });
    expect(await list('2023-06-01T10:00:00Z')).toMatchObject({ counts: { unchanged: 1 } });
  });

  it('with a cause, scope or channel that is none are refused; an erasure is asked for by itself', async () => {
    const done = await imports.import(
      'email,cause,scope,channel\na@example.se,erasure,,\nb@example.se,,everything,\nc@example.se,,,sms\n',
      { kind },
    );
    expect(done.faults).toMatchObject([{ column: 'cause' }, { column: 'scope' }, { column: 'channel' }]);
    expect(await ledger.connection.collection('suppressions').countDocuments({})).toBe(0);
  });
});

describe('a file', () => {
  it('that breaks off leaves nothing, neither rows nor an import', async () => {
    const list = `[${Array.from({ length: 1_200 }, (_, at) => `{"id":"${at}"}`).join(',')}`;
    const fault: unknown = await imports.send(list, { format: 'json' }).catch((error: unknown) => error);
    expect(isFileFault(fault)).toBe(true);
    for (const name of ['imports', 'import_chunks', 'customers']) {
      expect([name, await ledger.connection.collection(name).countDocuments({})]).toEqual([name, 0]);
    }
  });
});
