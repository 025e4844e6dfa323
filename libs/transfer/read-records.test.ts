import { describe, expect, it } from '@jest/globals';
import { isFileFault } from './file-fault.js';
import { inPieces } from './imports.fixture.js';
import { newRecordFile, readRecords, type ReadOptions } from './read-records.js';

const clinic = { attributes: { member: { type: 'boolean' as const } } };

async function read(file: string | Buffer, options: Partial<ReadOptions> = {}, pieces = 5) {
  const told = newRecordFile();
  const rows = [];
  const bytes = inPieces(Buffer.from(file), pieces);
  const asked: ReadOptions = { kind: 'customers', format: 'csv', charset: null, tenant: clinic, ...options };
  for await (const row of readRecords(bytes, asked, told)) rows.push(row);
  return { ...told, rows, data: rows.map((row) => ('data' in row ? row.data : row.faults)) };
}

const faultOf = async (file: string | Buffer, options: Partial<ReadOptions> = {}) => {
  try {
    await read(file, options);
  } catch (error) {
    if (isFileFault(error)) return { status: error.status, detail: error.detail, faults: error.faults };
    throw error;
  }
  throw new Error('nothing was wrong');
};

describe('a CSV', () => {
  const anna = [{ id: '7', name: 'Åsa Öst', email: 'asa@example.se' }];

  it.each([
    ['commas', 'id,name,email\n7,Åsa Öst,asa@example.se\n', ','],
    ['semicolons and CRLF', 'id;name;email\r\n7;Åsa Öst;asa@example.se\r\n', ';'],
    ['tabs and CR', 'id\tname\temail\r7\tÅsa Öst\tasa@example.se', '\t'],
    ['quoted cells with separators in them', '"id";"name";"email"\n"7";"Åsa Öst";"asa@example.se"\n', ';'],
    ['what Excel writes first', 'sep=;\r\nid;name;email\r\n7;Åsa Öst;asa@example.se', ';'],
    ['empty lines', '\nid,name,email\n\n7,Åsa Öst,asa@example.se\n\n', ','],
  ])('is read with %s', async (_, file, separator) => {
    for (const pieces of [1, 5, 4_096]) {
      expect(await read(file, {}, pieces)).toMatchObject({ data: anna, separator, encoding: 'utf-8' });
    }
  });

  it.each([
    ['UTF-8', Buffer.from('id,name,email\n7,Åsa Öst,asa@example.se'), 'utf-8', []],
    ['UTF-8 with a mark', Buffer.from('\uFEFFid,name,email\n7,Åsa Öst,asa@example.se'), 'utf-8', []],
    [
      'Windows-1252',
      Buffer.from('id,name,email\n7,Åsa Öst,asa@example.se', 'latin1'),
      'windows-1252',
      [['read as Windows-1252: it is no UTF-8', 0]],
    ],
  ])('is read in %s, cut anywhere', async (_, file, encoding, warnings) => {
    for (const pieces of [1, 2, 3, 5, 4_096]) {
      const { data, warnings: told, ...rest } = await read(file, {}, pieces);
      expect([data, rest.encoding, [...told]]).toEqual([anna, encoding, warnings]);
    }
  });

  it.each([
    ['UTF-16', Buffer.from('\uFEFFid,name\n7,Åsa', 'utf16le'), 422],
    ['an old Mac’s letters', Buffer.from([...Buffer.from('id,name\n7,'), 0x81, 0x73, 0x61]), 422],
    [
      'letters of two encodings',
      Buffer.concat([Buffer.from('id,name\n7,Åsa\n8,'), Buffer.from('Öst', 'latin1')]),
      422,
    ],
  ])('with %s is refused', async (_, file, status) => {
    const fault = await faultOf(file);
    expect(fault).toMatchObject({ status, detail: expect.stringContaining('UTF-8') });
  });

  it('with a charset that is told is read by it, and an unknown one is refused', async () => {
    const file = Buffer.from('id,name\n7,Åsa', 'latin1');
    expect((await read(file, { charset: 'ISO-8859-1' })).data).toEqual([{ id: '7', name: 'Åsa' }]);
    expect(await faultOf(file, { charset: 'utf-8' })).toMatchObject({ status: 422 });
    expect(await faultOf(file, { charset: 'ibm850' })).toMatchObject({ status: 415 });
  });

  it('finds its columns by their Swedish and English names, in any writing, and names those it does not know', async () => {
    const file =
      'KUNDNR;Förnamn;Efternamn;E-post;Mobil;Telefon;Medlem;member;070-174 06 05\n7;Åsa;Öst;a@b.se;;08-1;x;ja;y\n';
    const { data, columns, warnings } = await read(file);
    expect(data).toEqual([
      {
        id: '7',
        firstName: 'Åsa',
        lastName: 'Öst',
        email: 'a@b.se',
        phone: '08-1',
        'attributes.member': 'ja',
      },
    ]);
    expect(columns).toMatchObject({ id: 'KUNDNR', email: 'E-post', phone: 'Mobil' });
    // A cell of a file without a header may be somebody's number: it is not repeated.
    expect([...warnings.keys()]).toEqual([
      'the column "Medlem" is not known here; kept out',
      'the column (a name that is not repeated here) is not known here; kept out',
    ]);
  });

  it('without a needed column is refused, and which is said', async () => {
    expect(await faultOf('namn;mejl\nÅsa;a@b.se\n')).toMatchObject({
      status: 422,
      faults: [{ pointer: '#/id', detail: 'expected a column id, got none of that name' }],
    });
    expect(await faultOf('kund;kanal\n7;sms\n', { kind: 'choices' })).toMatchObject({
      faults: [{ pointer: '#/purpose' }, { pointer: '#/state' }],
    });
    expect(await faultOf('')).toMatchObject({ status: 422 });
  });

  it('numbers its rows as a spreadsheet does, and tells of a row with other cells than the header has', async () => {
    const { rows } = await read('id,name\n1,"two\nlines"\n2,a,b\n3,c,\n');
    expect(rows).toMatchObject([
      { row: 2, index: 0, data: { name: 'two\nlines' } },
      { row: 3, index: 1, faults: [{ detail: 'expected 2 cells, as the first line has, got 3' }] },
      { row: 4, index: 2, data: { id: '3', name: 'c' } },
    ]);
  });

  it('with a quotation mark that never closes is refused, and the line is said, not the text', async () => {
    const fault = await faultOf('id,name\n1,Anna\n2,"Beda\n3,Cecilia\n');
    expect(fault).toMatchObject({ status: 422, detail: expect.stringContaining('quotation mark') });
    expect(JSON.stringify(fault)).not.toMatch(/Beda|Cecilia/);
  });

  it('takes the apostrophe off that an export puts before a sign', async () => {
    expect((await read("id,phone\n7,'+46701740605\n")).data).toEqual([{ id: '7', phone: '+46701740605' }]);
  });
});

describe('JSON', () => {
  const two = [{ id: '7', name: 'Å,"]\\' }, { id: '8' }];

  it.each([
    ['a list', 'json', JSON.stringify(two)],
    ['a list over lines', 'json', JSON.stringify(two, null, 2)],
    ['a list in an object', 'json', JSON.stringify({ kind: 'customers', rows: two })],
    ['lines', 'jsonl', two.map((one) => JSON.stringify(one)).join('\n')],
    [
      'lines with empty ones between',
      'jsonl',
      `${two.map((one) => JSON.stringify(one)).join('\r\n\r\n')}\r\n`,
    ],
  ] as const)('is read as %s, cut anywhere', async (_, format, file) => {
    for (const pieces of [1, 3, 4_096]) expect((await read(file, { format }, pieces)).data).toEqual(two);
  });

  it('tells what stands around its list, and of members that nobody knows', async () => {
    const { head, warnings } = await read(
      '{"kind":"customers","rows":[{"id":"7","shoe":42},{"id":"8","shoe":1}]}',
      {
        format: 'json',
      },
    );
    expect(head).toMatchObject({ kind: 'customers' });
    expect([...warnings]).toEqual([['the member "shoe" is not known here; kept out', 2]]);
  });

  it('tells of an element that is no object by its place', async () => {
    const { rows } = await read('[{"id":"7"},8,{"id":]', { format: 'json' }).catch(() => ({ rows: [] }));
    expect(rows).toEqual([]);
    expect((await read('[{"id":"7"},8,"x"]', { format: 'json' })).rows).toMatchObject([
      { row: 1, index: 0 },
      { row: 2, index: 1, faults: [{ detail: 'expected a JSON object, got another' }] },
      { row: 3, index: 2, faults: [{}] },
    ]);
  });

  it.each([
    ['cut off', '[{"id":"7"},{"id":"8"'],
    ['an object without a list', '{"id":"7"}'],
    ['something after the list', '[{"id":"7"}] x'],
    ['a comma too many', '[{"id":"7"},]'],
    ['empty', '[]'],
  ])('that is %s is refused', async (_, file) => {
    expect(await faultOf(file, { format: 'json' })).toMatchObject({ status: 422 });
  });

  it('is UTF-8', async () => {
    expect(await faultOf(Buffer.from('[{"id":"Å"}]', 'latin1'), { format: 'json' })).toMatchObject({
      status: 422,
    });
  });
});
