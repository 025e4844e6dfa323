import type { Correction } from '#customers/correction';
import { customer } from '#events/parts';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { Problem, type ProblemFault } from './problem.js';
import { readInput } from './read-query.js';

export const correctionBody = customer
  .pick({
    name: true,
    email: true,
    phone: true,
    birthDate: true,
    locale: true,
    timeZone: true,
    address: true,
  })
  .strict();

/** The facts of a PATCH: absent = unchanged, null = cleared. A 422 names each fault; an address that is none is one. */
export function readCorrection(input: unknown, country: string): Correction {
  const { email, phone, ...facts } = readInput(correctionBody, input);
  const faults: ProblemFault[] = [];
  const read = (kind: 'email' | 'phone', told: string | null | undefined): string | null | undefined => {
    if (told === undefined || told === null) return told;
    const found = kind === 'email' ? normaliseEmail(told) : normalisePhone(told, country);
    if (found.kind === 'good') return found.address;
    faults.push({ pointer: `#/${kind}`, detail: found.reason });
    return undefined;
  };
  const told = { ...facts, email: read('email', email), phone: read('phone', phone) };
  if (faults.length > 0) throw new Problem(422, 'some members are not as they should be', faults);
  const named = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
  if (Object.keys(named).length === 0) {
    throw new Problem(422, 'nothing is to be corrected', [
      { pointer: '#', detail: `expected at least one of ${Object.keys(correctionBody.shape).join(', ')}` },
    ]);
  }
  return named;
}
