import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { CampaignBench } from './campaign.js';
import { gateMicroseconds } from './gate.js';
import { Ground } from './ground.js';
import { importRows } from './import.js';
import { reachOver, type Reached } from './reach.js';
import { ingestPerSecond } from './ingest.js';
import { latency, type Latency } from './latency.js';
import { median, times } from './measure.js';
import { DispatcherBench } from './throughput.js';
import { ms, number, table, type Line } from './table.js';

const { values: told } = parseArgs({
  options: {
    servers: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rows: { type: 'string' },
  },
});

/** How much of everything: `--quick` shows that it runs, and measures nothing. */
const SIZES = told.quick
  ? {
      runs: 1,
      messages: 200,
      warmUp: 100,
      rows: [1_000, 3_000],
      perSecond: 50,
      seconds: 2,
      latencies: 1,
      events: 200,
      decisions: 2_000,
      imported: 4_000,
      reached: 20_000,
      mails: 300,
      members: 1_500,
    }
  : {
      runs: 3,
      messages: 4_000,
      warmUp: 3_000,
      rows: [10_000, 1_000_000],
      perSecond: 500,
      seconds: 60,
      latencies: 1,
      events: 5_000,
      decisions: 10_000,
      imported: 1_000_000,
      reached: 1_000_000,
      mails: 4_000,
      members: 100_000,
    };

/** How full the full ledger is; `--rows 0` leaves it out. */
const fullRows = told.rows === undefined ? (SIZES.rows[1] ?? 0) : Number(told.rows);
if (!Number.isSafeInteger(fullRows) || fullRows < 0) throw new Error('--rows: expected a number of rows');

const wanted = (name: string): boolean => told.only === undefined || told.only.includes(name);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const rowsOf = (count: number): string => (count >= 1_000_000 ? `${count / 1e6} million` : number(count));

const lines: Line[] = [];
const ground = await Ground.open({ servers: told.servers, profile: told.profile });
try {
  if (wanted('gate')) await gate();
  if (wanted('ingest')) await ingest();
  if (wanted('dispatch')) await dispatch();
  if (wanted('campaign')) await campaign();
  if (wanted('latency')) await latencies();
  if (wanted('import')) await imports();
  if (wanted('reach')) await reaches();
} finally {
  await ground.close();
}
const where = told.servers
  ? 'real Kafka, separate processes, the store in its own'
  : 'one process with its embedded store and topics';
const cores = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores`;
console.log(table(lines, `Measured with ${where}; Node ${process.versions.node}, ${cores}.`));

async function gate(): Promise<void> {
  say('gate …');
  const spent = await gateMicroseconds(SIZES.runs, SIZES.decisions);
  lines.push(['one decision of the gate, with its trace', `${spent.toFixed(1)} µs`, '']);
}

async function ingest(): Promise<void> {
  say('ingest …');
  const perSecond = await ingestPerSecond(ground, SIZES.runs, SIZES.events);
  lines.push(['events that one ingest takes in', `${number(perSecond)} a second`, '']);
}

async function dispatch(): Promise<void> {
  const few = SIZES.rows[0] ?? 0;
  const many = fullRows;
  say('dispatcher beside a bare loop …');
  const bench = await DispatcherBench.open(ground, SIZES.warmUp);
  try {
    await bench.fillTo(few);
    const compared = await bench.compare(SIZES.runs, SIZES.messages);
    const small = await bench.peakMb();
    say(`filling the ledger to ${rowsOf(many)} rows …`);
    await bench.fillTo(many);
    const full = await bench.cost(SIZES.runs, SIZES.messages);
    const large = await bench.peakMb();
    const { dispatcher, bare, ratio } = compared;
    const growth = full.cpuMicroseconds / dispatcher.cpuMicroseconds;
    const memory = ({ dispatcher: own, store }: typeof small): string =>
      store === null ? `${number(own)} MB` : `${number(own)} MB, its store ${number(store)} MB`;
    lines.push(
      [`one dispatcher, ${rowsOf(few)} rows`, `${number(dispatcher.perSecond)} messages a second`, ''],
      ['a bare loop, same bodies, same concurrency', `${number(bare.perSecond)} a second`, ''],
      ['ratio of the two', ratio.toFixed(2), '≥ 0.5'],
      [`one dispatcher, ${rowsOf(many)} rows`, `${number(full.perSecond)} messages a second`, ''],
      [
        `processor for each message, ${rowsOf(few)} → ${rowsOf(many)} rows`,
        `${number(dispatcher.cpuMicroseconds)} → ${number(full.cpuMicroseconds)} µs (× ${growth.toFixed(2)})`,
        '≤ × 1.10',
      ],
      [`peak memory, ${rowsOf(few)} rows`, memory(small), ''],
      [`peak memory, ${rowsOf(many)} rows`, memory(large), ''],
    );
  } finally {
    await bench.close();
  }
}

async function campaign(): Promise<void> {
  const few = SIZES.rows[0] ?? 0;
  say('a campaign, singly and many mails a call, beside a bare loop …');
  const bench = await CampaignBench.open(ground, SIZES.warmUp);
  try {
    await bench.fillTo(few);
    const { singly, together, bare, ratios } = await bench.compare(SIZES.runs, SIZES.mails);
    const before = await bench.peakMb();
    say(`${number(SIZES.members)} members, gate and ledger for each …`);
    const whole = await bench.send(SIZES.members, false);
    const after = await bench.peakMb();
    const memory = ({ dispatcher: own, store }: typeof before): string =>
      store === null ? `${number(own)} MB` : `${number(own)} MB, its store ${number(store)} MB`;
    const processor = ({ cpuMicroseconds }: { cpuMicroseconds: number }): string =>
      `${number(cpuMicroseconds)} µs`;
    const rate = ({ perSecond }: { perSecond: number }): string => `${number(perSecond)} a second`;
    lines.push(
      ['campaign mails in single calls', rate(singly), ''],
      ['campaign mails many a call', rate(together), ''],
      ['a bare loop that posts the single calls', rate(bare), ''],
      ['ratio of single calls to the bare loop', ratios.singly.toFixed(2), '≥ 0.5'],
      ['ratio of mails many a call to the bare loop', ratios.together.toFixed(2), '≥ 1.5'],
      ['processor for each mail, singly', processor(singly), ''],
      ['processor for each mail, many a call', processor(together), ''],
      [`a campaign to ${number(SIZES.members)} members`, rate(whole), ''],
      ['its calls of the provider for 100 mails', whole.callsPerHundred.toFixed(2), '≤ 1'],
      ['peak memory before and after it', `${memory(before)} → ${memory(after)}`, 'bounded'],
    );
    if (fullRows === 0) return;
    say(`filling the ledger to ${rowsOf(fullRows)} rows …`);
    await bench.fillTo(fullRows);
    const large = await bench.compare(SIZES.runs, SIZES.mails);
    const growth = large.together.cpuMicroseconds / together.cpuMicroseconds;
    lines.push(
      [
        `ratio of mails many a call to the bare loop, ${rowsOf(fullRows)} rows`,
        large.ratios.together.toFixed(2),
        '≥ 1.5',
      ],
      [`ratio of single calls, ${rowsOf(fullRows)} rows`, large.ratios.singly.toFixed(2), '≥ 0.5'],
      [
        `processor for each mail many a call, ${rowsOf(few)} → ${rowsOf(fullRows)} rows`,
        `${processor(together)} → ${processor(large.together)} (× ${growth.toFixed(2)})`,
        '≤ × 1.10',
      ],
      [`peak memory, ${rowsOf(fullRows)} rows`, memory(await bench.peakMb()), ''],
    );
  } finally {
    await bench.close();
  }
}

async function latencies(): Promise<void> {
  const { perSecond, seconds } = SIZES;
  say(`event → provider call, ${perSecond} a second for ${seconds} s …`);
  const all = await times(SIZES.latencies, () => latency(ground, { perSecond, seconds }));
  const of = (read: (one: Latency) => number): number => median(all.map(read));
  lines.push(
    [`event → provider call at ${perSecond} a second, p50`, ms(of(({ p50 }) => p50)), ''],
    [`event → provider call at ${perSecond} a second, p99`, ms(of(({ p99 }) => p99)), '< 250 ms'],
    [
      'processor for each event, to its mail',
      `${number(of(({ cpuMicroseconds }) => cpuMicroseconds))} µs`,
      '',
    ],
    ['mails a second that went out meanwhile', number(of(({ rate }) => rate)), ''],
  );
}

async function imports(): Promise<void> {
  say(`importing ${rowsOf(SIZES.imported)} rows, killed half-way …`);
  const { rows, receiving, perSecond, peakMb, twice, againPerSecond } = await importRows(SIZES.imported);
  lines.push(
    [
      `import of ${rowsOf(rows)} customers, killed half-way and gone on with`,
      `${number(perSecond)} rows a second`,
      '',
    ],
    ['its file, received and put aside', `${number(rows / receiving)} rows a second`, ''],
    ['the same file again, which changes nothing', `${number(againPerSecond)} rows a second`, ''],
    ['peak memory of the process that imports', `${number(peakMb)} MB`, 'bounded'],
    ['rows seen twice after the kill', String(twice), '≤ 500'],
  );
}

async function reaches(): Promise<void> {
  say(`reach of a campaign over ${rowsOf(SIZES.reached)} people …`);
  const { email, sms } = await reachOver(SIZES.reached);
  const told = (name: string, one: Reached): Line[] => [
    [`reach over ${rowsOf(one.people)} people, ${name}`, `${number(one.seconds)} s`, '< 10 s'],
    [
      'processor for each of them: the house, its store',
      `${one.housePerPerson.toFixed(1)} µs, ${one.storePerPerson.toFixed(1)} µs`,
      '',
    ],
    ['its progress: lines, the longest wait for one', `${number(one.lines)}, ${ms(one.longestMs)}`, ''],
    [
      'memory of the house, before and at most',
      `${number(one.beforeMb)} → ${number(one.peakMb)} MB`,
      'bounded',
    ],
  ];
  lines.push(...told('by mail', email), ...told('by SMS', sms));
}
