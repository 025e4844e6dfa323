import { createLog, type Log } from '#platform/telemetry';

/** What a log could give away of somebody. */
interface Named {
  name?: string | null;
  email?: string | null;
  phone?: string | null;
}

/** Whom and what the tests of this file made up so far: see `noted`. */
const people: Named[] = [];
const treatments = new Set<string>();

/** Somebody whom a test made up: no log of a line that it started may name them. */
export function notePerson<Made extends Named>(made: Made): Made {
  people.push(made);
  return made;
}

/** A visit that a test made up: no log may say what it is, nor who gives it. */
export function noteVisit<Made extends { service: string; practitioner?: unknown }>(made: Made): Made {
  for (const word of [made.service, made.practitioner])
    if (typeof word === 'string' && word.length >= SHORTEST_TREATMENT) treatments.add(word);
  return made;
}
/** A shorter word would be met by chance. */
const SHORTEST_TREATMENT = 5;

/** The log of a line under test: shown from `level` on, kept from `debug` on, and looked through once it has ended. */
export function watchedLog(level: string): { log: Log; leaks: () => string[] } {
  const lines: string[] = [];
  const isShown = LEVELS.slice(Math.max(0, LEVELS.indexOf(level)));
  const write = (line: string): void => {
    lines.push(line);
    const [, said = ''] = /^\{"level":"(\w+)"/.exec(line) ?? [];
    if (level !== 'silent' && isShown.includes(said)) process.stdout.write(line);
  };
  return {
    log: createLog({ level: 'debug', app: 'all' }, { write }),
    leaks: () => leaks(lines, [...secretsOf(people), ...treatments]),
  };
}
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** What must stand in no log line and no metric about these people, in every form that code might write it in. */
export function secretsOf(people: readonly Named[]): string[] {
  const plain = people.flatMap(({ email, phone, name }) => [
    ...(email ? [email] : []),
    ...(phone ? [phone, phone.slice(3), `0${phone.slice(3)}`] : []),
    ...(name ? [name, ...name.split(/\s+/)] : []),
  ]);
  return [...new Set(plain)].filter((secret) => secret.length > 2);
}

/** The lines that say any of it: as it is, in a URL, in JSON within JSON, as base64, or in another case. */
export function leaks(lines: readonly string[], secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll('%20', '+'),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    // A short word's would be met by chance in a random id.
    ...(secret.length < 8 ? [] : [Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1)]),
  ]);
  const sought = [...new Set(forms.map((form) => form.toLowerCase()))].filter((form) => form.length > 2);
  // Mostly nothing is found: one look at all of it is cheap.
  const all = lines.join('').toLowerCase();
  const there = sought.filter((form) => says(all, form));
  if (there.length === 0) return [];
  return lines.filter((line) => {
    const low = line.toLowerCase();
    return there.some((form) => says(low, form));
  });
}

/** A short name is looked for as a word: `son` stands in every `json`. */
function says(text: string, form: string): boolean {
  if (form.length > LONGEST_SHORT) return text.includes(form);
  const plain = form.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}])${plain}(?![\p{L}\p{N}])`, 'u').test(text);
}
const LONGEST_SHORT = 5;
