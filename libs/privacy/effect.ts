import type { SuppressedAddress } from '#consent/suppression';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { addressKey } from '#purposes/address';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import type { Refusal } from '#purposes/reason';

/** An address that a change is about. */
export interface Address {
  kind: 'email' | 'phone';
  address: string;
}

/** What a change means for a message that is not sent yet, or is being sent. */
export interface Effect {
  /** Why an open row ends with this change; null: it gets a new `rev` and is asked about again. */
  ends(row: MessageRow): Refusal | null;
  /** Whether a row in flight must be waited for. */
  concerns(row: MessageRow): boolean;
}

/** One change that is written already: on whom, what it means, and whose other holders it concerns. */
export interface Settling {
  written: readonly Customer[];
  effect: Effect;
  addresses: readonly Address[];
}

/** The addresses under which a customer is known. */
export function addressesOf(customer: Pick<Customer, 'email' | 'phone'>): Address[] {
  return [
    ...(customer.email === null ? [] : [{ kind: 'email' as const, address: customer.email }]),
    ...(customer.phone === null ? [] : [{ kind: 'phone' as const, address: customer.phone }]),
  ];
}

/** What a suppression means for rows: a contract message may still go by another channel, which the gate picks. */
export function suppressionEffect({
  channel,
  scope,
}: {
  channel: Channel | 'all';
  scope: SuppressedAddress['scope'];
}): Effect {
  const hit = (row: MessageRow): boolean =>
    (channel === 'all' || row.channel === channel) &&
    (scope === 'all' || row.stream === scope) &&
    RULES[row.purpose].basis !== 'legal-duty';
  return {
    ends: (row) => (hit(row) && RULES[row.purpose].stoppedByChoice ? 'suppressed' : null),
    concerns: hit,
  };
}

/**
 * What the changes mean for one row: those of its own person whole; of others only for what would go to a shared address,
 * as its person may have addresses of their own beside it.
 */
export function reaching(changes: readonly Settling[], people: ReadonlyMap<string, Customer>): Effect {
  const ofPerson = new Map<string, Settling[]>();
  const ofAddress = new Map<string, Settling[]>();
  for (const change of changes) {
    for (const { customer } of change.written) append(ofPerson, customer, change);
    for (const { kind, address } of change.addresses) append(ofAddress, addressKey(kind, address), change);
  }
  const effectsOn = (row: MessageRow): readonly Settling[] => {
    const person = people.get(row.customer);
    const own = ofPerson.get(row.customer) ?? [];
    const shared = (person === undefined ? [] : addressesOf(person))
      .filter(({ kind }) => kind === ADDRESS_KIND[row.channel])
      .flatMap(({ kind, address }) => ofAddress.get(addressKey(kind, address)) ?? []);
    return [...own, ...shared.filter((change) => !own.includes(change))];
  };
  return {
    ends: (row) => {
      for (const { effect } of effectsOn(row)) {
        const reason = effect.ends(row);
        if (reason !== null) return reason;
      }
      return null;
    },
    concerns: (row) => effectsOn(row).some(({ effect }) => effect.concerns(row)),
  };
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
