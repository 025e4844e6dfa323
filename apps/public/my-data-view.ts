import type { ExtractedMessage, PersonExtract } from '#privacy/extract.types';
import type { Purpose } from '#purposes/purpose';
import { languageName } from '#rendering/language-name';
import { myDataWords } from '#rendering/my-data-words';
import type { FieldName, MyDataWords, SectionName } from '#rendering/my-data-words.types';
import type { DataEntry, DataSection } from '#rendering/my-data-page';
import { channelWords, purposeWords } from '#rendering/purpose-words';
import { sayPrice } from '#rendering/say-price';

/** How the page says times and names. */
interface Voice {
  locale: string;
  timeZone: string;
  words: MyDataWords;
}

type Fact = [FieldName, string | null];

/** Everything of an extract, in plain words. What is a detail of how it is kept stands in the files only. */
export function dataSections(extract: PersonExtract, locale: string, timeZone: string): DataSection[] {
  const voice = { locale, timeZone, words: myDataWords(locale) };
  const { words } = voice;
  const section = (name: SectionName, entries: readonly DataEntry[]): DataSection => ({
    id: name,
    ...words.sections[name],
    count: name === 'person' || name === 'retention' || name === 'purposes' ? null : String(entries.length),
    open: name === 'person',
    entries,
  });
  return [
    section('person', [entry(voice, null, personFacts(extract, voice))]),
    section(
      'bookings',
      extract.bookings.map((booking) => bookingEntry(booking, voice)),
    ),
    section(
      'purchases',
      extract.purchases.map(({ items, at }) =>
        entry(voice, day(voice, at), [
          [
            'items',
            items.map(({ name, quantity }) => (quantity > 1 ? `${quantity} × ${name}` : name)).join(', '),
          ],
        ]),
      ),
    ),
    section('choices', choiceEntries(extract, voice)),
    section(
      'messages',
      extract.messages.map((message) => messageEntry(message, voice)),
    ),
    section(
      'answers',
      extract.surveyAnswers.map(({ score, comment, answeredAt }) =>
        entry(voice, moment(voice, answeredAt), [
          ['score', String(score)],
          ['comment', comment],
        ]),
      ),
    ),
    section('replies', replyEntries(extract, voice)),
    section(
      'requests',
      extract.requests.map(({ kind, receivedAt, dueAt, status, note }) =>
        entry(voice, capital(words.requestKinds[kind] ?? kind, locale), [
          ['when', day(voice, receivedAt)],
          ['status', words.requestStates[status] ?? status],
          ['due', status === 'open' ? day(voice, dueAt) : null],
          ['text', note],
        ]),
      ),
    ),
    section('recipients', recipientEntries(extract, voice)),
    section(
      'suppressions',
      extract.suppressions.map(({ address, channel, cause, at }) =>
        entry(voice, address ?? words.none, [
          ['channel', capital(channelWords(channel as 'email', locale), locale)],
          ['why', words.causes[cause] ?? cause],
          ['when', day(voice, at)],
        ]),
      ),
    ),
    section('purposes', purposeEntries(extract, voice)),
    section('retention', retentionEntries(extract, voice)),
    section('more', moreEntries(extract, voice)),
  ];
}

/** A day in full: `29 november 2026`. */
export function dayInFull(locale: string, timeZone: string, at: Date): string {
  return format(locale, timeZone, at, { dateStyle: 'long' });
}

function personFacts({ person }: PersonExtract, voice: Voice): Fact[] {
  const { address, guardianConsent, attributes, devices, marketingPausedUntil } = person;
  const extra = Object.entries(attributes).map(([name, value]) => `${name}: ${String(value)}`);
  return [
    ['name', person.name ?? voice.words.none],
    ['email', person.email ?? voice.words.none],
    ['phone', person.phone ?? voice.words.none],
    ['birthDate', person.birthDate ?? voice.words.none],
    ['address', addressLine(address) ?? voice.words.none],
    ['language', person.locale === null ? voice.words.none : languageName(person.locale)],
    ['timeZone', person.timeZone],
    ['guardian', guardianConsent && `${guardianConsent.by}, ${day(voice, guardianConsent.at)}`],
    ['attributes', extra.length > 0 ? extra.join(', ') : null],
    ['devices', devices.length > 0 ? devices.map(({ platform }) => platform).join(', ') : null],
    ['paused', marketingPausedUntil ? day(voice, marketingPausedUntil) : null],
    ['restricted', person.restrictedAt && day(voice, person.restrictedAt)],
    ['since', day(voice, person.createdAt)],
    ['changed', day(voice, person.updatedAt)],
    ['id', person.id],
  ];
}

function addressLine(address: PersonExtract['person']['address']): string | null {
  if (address === null) return null;
  return [...address.lines, `${address.postalCode} ${address.city}`, address.country].join(', ');
}

function bookingEntry(booking: PersonExtract['bookings'][number], voice: Voice): DataEntry {
  const { startsAt, service, location, practitioner, price, status, cancelReason } = booking;
  const zone = { ...voice, timeZone: booking.timeZone ?? voice.timeZone };
  return entry(voice, startsAt === null ? (service ?? booking.booking) : moment(zone, startsAt), [
    ['service', service],
    ['place', location],
    ['practitioner', practitioner],
    [
      'price',
      price === null
        ? null
        : sayPrice({ amount: String(price.amount), currency: price.currency }, voice.locale),
    ],
    ['status', voice.words.bookingStatus[status] ?? status],
    ['why', cancelReason],
    ['id', booking.booking],
  ]);
}

function choiceEntries({ choices, softOptIns }: PersonExtract, voice: Voice): DataEntry[] {
  const { words, locale } = voice;
  const said = choices.map((choice) => {
    const { purpose, channel, state, at, via, noticeVersion, method, place, evidence } = choice;
    return entry(
      voice,
      `${capital(purposeWords(purpose, locale).what, locale)} ${channelWords(channel, locale)}`,
      [
        ['answer', words.choiceStates[state] ?? state],
        ['when', moment(voice, at)],
        ['how', words.via[via] ?? via],
        ['proof', [noticeVersion, method, place, evidence].filter((one) => one !== undefined).join(', ')],
      ],
    );
  });
  const soft = softOptIns.map(({ address, at }) => entry(voice, address, [['softOptIn', day(voice, at)]]));
  return [...said.toReversed(), ...soft];
}

function messageEntry(
  { purpose, channel, status, reason, dueAt, createdAt, attempts }: ExtractedMessage,
  voice: Voice,
): DataEntry {
  const { words, locale } = voice;
  const at = attempts.at(-1)?.at ?? dueAt ?? createdAt;
  return entry(voice, capital(purposeWords(purpose, locale).what, locale), [
    ['when', moment(voice, at)],
    ['channel', capital(channelWords(channel, locale), locale)],
    ['status', words.status[status] ?? status],
    ['why', reason && words.reasons[reason]],
  ]);
}

function replyEntries({ replies, tasks }: PersonExtract, voice: Voice): DataEntry[] {
  const { words } = voice;
  return [
    ...replies.map(({ channel, text, at }) =>
      entry(voice, moment(voice, at), [
        ['channel', capital(channelWords(channel as 'email', voice.locale), voice.locale)],
        ['text', text],
      ]),
    ),
    ...tasks.map(({ kind, openedAt, endedAt }) =>
      entry(voice, capital(words.taskKinds[kind] ?? kind, voice.locale), [
        ['when', day(voice, openedAt)],
        ['status', words.requestStates[endedAt === null ? 'open' : 'done'] ?? null],
      ]),
    ),
  ];
}

function recipientEntries({ recipients, disclosures }: PersonExtract, voice: Voice): DataEntry[] {
  return [
    ...disclosures.map(({ at, recipient, data }) =>
      entry(voice, recipient, [
        ['when', day(voice, at)],
        ['what', JSON.stringify(data)],
      ]),
    ),
    ...recipients
      .filter(({ role }) => role === 'processor')
      .map(({ name, first, last, times }) =>
        entry(voice, name, [
          ['when', [...new Set([day(voice, first), day(voice, last)])].join(' – ')],
          ['times', String(times)],
        ]),
      ),
  ];
}

/** One entry for each ground, with all that it carries. */
function purposeEntries({ purposes }: PersonExtract, voice: Voice): DataEntry[] {
  const bases = [...new Set(purposes.map(({ basis }) => basis))];
  return bases.map((basis) =>
    entry(voice, capital(voice.words.basis[basis] ?? basis, voice.locale), [
      [
        'what',
        purposes
          .filter((one) => one.basis === basis)
          .map(({ purpose }) => purposeWords(purpose as Purpose, voice.locale).what)
          .join(', '),
      ],
    ]),
  );
}

function retentionEntries({ retention, sources }: PersonExtract, voice: Voice): DataEntry[] {
  const { words } = voice;
  return [
    entry(voice, null, [
      ['until', retention.until === null ? null : day(voice, retention.until)],
      ['why', words.retention[retention.why] ?? retention.why],
    ]),
    ...sources.map(({ what, from }) =>
      entry(voice, words.sources[what] ?? what, [['source', words.sources[from] ?? from]]),
    ),
  ];
}

function moreEntries(extract: PersonExtract, voice: Voice): DataEntry[] {
  const { staffActs, links, confirmationsAsked, unreadable, captured, measured } = extract;
  const listed = (name: FieldName, all: readonly string[]): DataEntry[] =>
    all.length === 0 ? [] : [entry(voice, voice.words.fields[name], [['when', all.join(', ')]])];
  const counted = (name: FieldName, count: number): DataEntry[] =>
    count === 0 ? [] : [entry(voice, voice.words.fields[name], [['times', String(count)]])];
  return [
    ...listed(
      'staff',
      staffActs.map(({ at }) => moment(voice, at)),
    ),
    ...listed(
      'confirmations',
      confirmationsAsked.map((at) => moment(voice, at)),
    ),
    ...listed(
      'opened',
      // Each time that is kept: the first and the last, of the mail and of each link.
      [...new Set(measured.flatMap(timesOf))].sort().map((at) => moment(voice, new Date(at))),
    ),
    ...counted('links', links.length),
    ...counted('unreadable', unreadable.length),
    ...counted('captured', captured.length),
  ];
}

/** Facts that are not there are left out. */
function entry({ words }: Voice, title: string | null, facts: readonly Fact[]): DataEntry {
  return {
    title,
    facts: facts.flatMap(([name, value]) =>
      value === null || value === '' ? [] : [{ label: words.fields[name], value }],
    ),
  };
}

const capital = (text: string, locale: string): string =>
  text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

const day = ({ locale, timeZone }: Voice, at: Date): string => dayInFull(locale, timeZone, at);
const moment = ({ locale, timeZone }: Voice, at: Date): string =>
  format(locale, timeZone, at, { dateStyle: 'long', timeStyle: 'short' });

function format(locale: string, timeZone: string, at: Date, how: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { ...how, timeZone }).format(at);
}

function timesOf({ opens, clicks }: PersonExtract['measured'][number]): number[] {
  return [opens, ...clicks].flatMap(({ firstAt, lastAt }) =>
    [firstAt, lastAt].flatMap((at) => at?.getTime() ?? []),
  );
}
