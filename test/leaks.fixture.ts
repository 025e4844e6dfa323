import type { Person } from './visit.fixture.js';

/** What must stand in no log line and no metric about these people, in every form that code might write it in. */
export function secretsOf(people: readonly Pick<Person, 'email' | 'phone' | 'name'>[]): string[] {
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
  return lines.filter((line) => {
    const low = line.toLowerCase();
    return sought.some((form) => low.includes(form));
  });
}
