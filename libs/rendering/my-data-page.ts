/** A list of a person's own data, in words. */
export interface DataSection {
  id: string;
  title: string;
  empty: string;
  count: string | null;
  open: boolean;
  entries: readonly DataEntry[];
}
export interface DataEntry {
  title: string | null;
  facts: readonly { label: string; value: string }[];
}
/** What an erasure leaves standing; `until`: a day in words, or null and `endless` says why there is none. */
interface KeptWords {
  what: string;
  ground: string;
  until: string | null;
  endless: string | null;
}
type Flags<Name extends string> = Record<Name, boolean>;

/** The pages on which a person sees and changes what is known of them. */
export interface MyDataPages {
  /** Asks for a link to one's own data. */
  me: { address: string; fault: boolean };
  'me-sent': Record<never, never>;
  'me-open': { masked: string };
  'me-gone': Record<never, never>;
  'me-people': {
    session: string;
    masked: string;
    people: readonly { id: string; name: string | null; about: string }[];
  };
  'me-data': {
    session: string;
    person: string;
    name: string | null;
    shared: boolean;
    /** What was just done; null: nothing. `asked`: the new address, masked. */
    done:
      | null
      | (Flags<
          'corrected' | 'nothing' | 'tooOften' | 'restricted' | 'unrestricted' | 'objected' | 'phoneNoted'
        > & {
          asked: string | null;
        });
    sections: readonly DataSection[];
    written: Record<
      'name' | 'email' | 'phone' | 'birthDate' | 'street' | 'postalCode' | 'city' | 'country',
      string
    >;
    languages: readonly { value: string; name: string; chosen: boolean }[];
    hasFaults: boolean;
    faults: Flags<'name' | 'email' | 'phone' | 'birthDate' | 'address'>;
    restrictedSince: string | null;
  };
  'me-erase': {
    session: string;
    person: string;
    name: string | null;
    /** When the next booking is, in words. */
    ahead: string | null;
    goes: readonly string[];
    kept: readonly KeptWords[];
  };
  'me-erased': { kept: readonly KeptWords[] };
  'me-closed': { saved: boolean };
  'new-email': { masked: string };
  'new-email-confirmed': { masked: string };
}

const section: DataSection = {
  id: 'bookings',
  title: 'Bookings',
  empty: 'No bookings.',
  count: '1',
  open: true,
  entries: [
    { title: '29 november', facts: [{ label: 'What', value: 'Massage' }] },
    { title: null, facts: [] },
  ],
};
const kept: KeptWords[] = [
  { what: 'That it was asked for', ground: 'GDPR 17(3)', until: '29 november', endless: null },
  { what: 'A trace of the address', ground: 'GDPR 17(3)', until: null, endless: 'Without end.' },
];
const written = {
  ...{ name: 'Anna', email: 'anna@example.se', phone: '', birthDate: '', street: '' },
  ...{ postalCode: '', city: '', country: 'SE' },
};
const noFaults = { name: false, email: false, phone: false, birthDate: false, address: false };
const didNothing = {
  ...{ corrected: false, nothing: false, tooOften: false, restricted: false, unrestricted: false },
  ...{ objected: false, phoneNoted: false, asked: null },
};
const myData: MyDataPages['me-data'] = {
  ...{ session: 'abc', person: 'c-1', name: 'Anna', shared: true, done: null, sections: [section] },
  ...{ written, hasFaults: false, faults: noFaults, restrictedSince: null },
  languages: [{ value: 'sv', name: 'Svenska', chosen: true }],
};

/** What each of them is tried with at boot. */
export const MY_DATA_SAMPLES: { [Name in keyof MyDataPages]: readonly MyDataPages[Name][] } = {
  me: [
    { address: '', fault: false },
    { address: 'anna', fault: true },
  ],
  'me-sent': [{}],
  'me-open': [{ masked: 'a•••@example.se' }],
  'me-gone': [{}],
  'me-people': [
    {
      session: 'abc',
      masked: 'a•••@example.se',
      people: [
        { id: 'c-1', name: 'Anna', about: '2 bookings' },
        { id: 'c-2', name: null, about: 'No bookings' },
      ],
    },
  ],
  'me-data': [
    myData,
    {
      ...myData,
      ...{ name: null, shared: false, languages: [], restrictedSince: '29 november', hasFaults: true },
      sections: [{ ...section, count: null, open: false, entries: [] }],
      faults: { name: true, email: true, phone: true, birthDate: true, address: true },
      done: { ...didNothing, corrected: true, asked: 'b•••@example.se', objected: true },
    },
    {
      ...myData,
      done: {
        ...{ ...didNothing, nothing: true, tooOften: true, restricted: true, unrestricted: true },
        phoneNoted: true,
      },
    },
  ],
  'me-erase': [
    { session: 'abc', person: 'c-1', name: 'Anna', ahead: '29 november', goes: ['Bookings'], kept },
    { session: 'abc', person: 'c-1', name: null, ahead: null, goes: [], kept },
  ],
  'me-erased': [{ kept }],
  'me-closed': [{ saved: true }, { saved: false }],
  'new-email': [{ masked: 'a•••@example.se' }],
  'new-email-confirmed': [{ masked: 'a•••@example.se' }],
};
