import type { Reason } from '#purposes/reason';

/** The words in which a person's own page says what is stored. */
export interface MyDataWords {
  /** Where nothing is known. */
  none: string;
  yes: string;
  sections: Record<SectionName, { title: string; empty: string }>;
  fields: Record<FieldName, string>;
  bookingStatus: Record<string, string>;
  /** How a message ended, by the ledger's states. */
  status: Record<string, string>;
  reasons: Record<Reason, string>;
  choiceStates: Record<string, string>;
  via: Record<string, string>;
  basis: Record<string, string>;
  causes: Record<string, string>;
  requestKinds: Record<string, string>;
  requestStates: Record<string, string>;
  taskKinds: Record<string, string>;
  retention: Record<string, string>;
  sources: Record<string, string>;
  kept: Record<string, { what: string; ground: string }>;
  gone: Record<string, string>;
}

export type SectionName =
  | 'person'
  | 'bookings'
  | 'purchases'
  | 'choices'
  | 'messages'
  | 'answers'
  | 'replies'
  | 'requests'
  | 'recipients'
  | 'suppressions'
  | 'purposes'
  | 'retention'
  | 'more';

export type FieldName =
  | 'name'
  | 'email'
  | 'phone'
  | 'birthDate'
  | 'language'
  | 'timeZone'
  | 'address'
  | 'guardian'
  | 'attributes'
  | 'devices'
  | 'since'
  | 'changed'
  | 'restricted'
  | 'paused'
  | 'id'
  | 'when'
  | 'service'
  | 'place'
  | 'practitioner'
  | 'price'
  | 'status'
  | 'items'
  | 'channel'
  | 'answer'
  | 'how'
  | 'proof'
  | 'why'
  | 'score'
  | 'comment'
  | 'text'
  | 'what'
  | 'times'
  | 'due'
  | 'until'
  | 'basis'
  | 'source'
  | 'staff'
  | 'links'
  | 'confirmations'
  | 'unreadable'
  | 'captured'
  | 'softOptIn';

const EN: MyDataWords = {
  none: 'Not known',
  yes: 'Yes',
  sections: {
    person: { title: 'About you', empty: '' },
    bookings: { title: 'Bookings', empty: 'No bookings.' },
    purchases: { title: 'Purchases', empty: 'No purchases.' },
    choices: { title: 'What you have chosen', empty: 'You have not chosen anything yet.' },
    messages: { title: 'Messages to you', empty: 'No messages.' },
    answers: { title: 'Your answers to surveys', empty: 'No answers.' },
    replies: { title: 'What you have written, and what we do about it', empty: 'Nothing.' },
    requests: { title: 'What you have asked for about your data', empty: 'Nothing.' },
    recipients: { title: 'Who has been given something', empty: 'Nobody.' },
    suppressions: { title: 'What stops messages to your addresses', empty: 'Nothing.' },
    purposes: { title: 'Why we may use your data', empty: '' },
    retention: { title: 'How long, and where it comes from', empty: '' },
    more: { title: 'Other records', empty: 'Nothing.' },
  },
  fields: {
    name: 'Name',
    email: 'Email',
    phone: 'Phone',
    birthDate: 'Date of birth',
    language: 'Language',
    timeZone: 'Time zone',
    address: 'Postal address',
    guardian: "A guardian's consent",
    attributes: 'Other details',
    devices: 'Devices with our app',
    since: 'Known since',
    changed: 'Last changed',
    restricted: 'Restricted since',
    paused: 'Marketing paused until',
    id: 'Number',
    when: 'When',
    service: 'What',
    place: 'Where',
    practitioner: 'With',
    price: 'Price',
    status: 'Status',
    items: 'What',
    channel: 'How',
    answer: 'Your choice',
    how: 'How we heard it',
    proof: 'Proof',
    why: 'Why',
    score: 'Score',
    comment: 'In your words',
    text: 'Text',
    what: 'What',
    times: 'How often',
    due: 'Answer due',
    until: 'Kept until',
    basis: 'Legal ground',
    source: 'Where it comes from',
    staff: 'Looked at or changed by staff',
    links: 'Links made for you',
    confirmations: 'Asked to confirm your address',
    unreadable: 'Events about you that could not be read',
    captured: 'Messages kept for testing instead of being sent',
    softOptIn: 'May get offers as a customer, since',
  },
  bookingStatus: {
    started: 'begun, not finished',
    confirmed: 'booked',
    cancelled: 'cancelled',
    completed: 'done',
    'no-show': 'missed',
  },
  status: {
    planned: 'planned',
    released: 'on its way',
    sending: 'on its way',
    accepted: 'sent',
    delivered: 'arrived',
    bounced: 'did not arrive',
    complained: 'reported as spam',
    refused: 'not sent',
    cancelled: 'called off',
    failed: 'could not be sent',
    expired: 'not sent, it was too late',
    unknown: 'sent, but not known whether it arrived',
  },
  reasons: {
    'unknown-customer': 'you were not known',
    erased: 'you were erased',
    restricted: 'your data was restricted',
    minor: 'you were under 18, without a guardian’s consent',
    'no-address': 'we had no address for it',
    suppressed: 'the address may not be used',
    objected: 'you had objected',
    withdrawn: 'you had said no',
    'channel-off': 'you had turned this way off',
    'no-consent': 'you had not said yes',
    duplicate: 'it had been said already',
    'too-late': 'it had become too late',
    expired: 'it had become too late',
    capped: 'you had got enough for now',
    'invalid-template': 'something was missing in it',
    'not-allowed': 'this system is only being tried out',
    paused: 'it is paused',
    'quiet-hours': 'it waits until morning',
  },
  choiceStates: { given: 'yes', withdrawn: 'no', objected: 'objection' },
  via: {
    event: 'from the booking',
    page: 'on our page',
    'double-opt-in': 'confirmed by a link',
    staff: 'told to staff',
    inbound: 'in a reply',
    import: 'taken over from an earlier system',
    merge: 'from another record of you',
  },
  basis: {
    consent: 'your consent',
    contract: 'our agreement with you',
    'legal-duty': 'the law requires it',
    'legitimate-interest': 'our legitimate interest: you may object',
  },
  causes: {
    bounce: 'mail comes back',
    complaint: 'reported as spam',
    stop: 'you answered stop',
    'bad-address': 'the address does not exist',
    import: 'taken over from an earlier system',
    erasure: 'after an erasure',
    withdrawn: 'no',
    objected: 'objection',
  },
  requestKinds: {
    access: 'to see your data',
    portability: 'to take your data with you',
    rectification: 'a correction',
    restriction: 'a restriction',
    objection: 'an objection',
    erasure: 'an erasure',
  },
  requestStates: { open: 'being handled', done: 'done', refused: 'refused' },
  taskKinds: {
    call: 'we were to call you',
    reply: 'we were to answer you',
    'unknown-message': 'we were to find out whether a message arrived',
    request: 'we were to see to your request',
  },
  retention: {
    erased: 'you are erased',
    restricted: 'until the restriction is lifted',
    'open-complaint': 'while your complaint is open',
    'open-request': 'while your request is being handled',
    'minor-waiting': 'until a guardian has consented',
    'future-booking': 'after the booking that lies ahead',
    'recent-visit': 'counted from your last visit, for complaints and warranty',
    retention: 'the time is over: it goes with the next clearing',
    minor: 'the time is over: it goes with the next clearing',
  },
  sources: {
    'booking system': 'the booking system',
    'the person': 'you',
    'facts, bookings, purchases': 'Details, bookings and purchases',
    address: 'Address',
    language: 'Language',
    'choices, answers, replies': 'Choices, answers and replies',
  },
  kept: {
    'address-hash': {
      what: 'A scrambled trace of your address, on the list of those who get no marketing. Nobody can read the address from it.',
      ground: 'GDPR 17(3)(b) and 21(3)',
    },
    sent: {
      what: 'That messages were sent, without address or content.',
      ground: 'GDPR 17(3)(e) and 5(2)',
    },
    request: {
      what: 'That you asked for this, and when it was done.',
      ground: 'GDPR 17(3)(e), 5(2) and 12(3)',
    },
  },
  gone: {
    customer: 'Your details',
    bookings: 'Bookings',
    purchases: 'Purchases',
    'survey answers': 'Answers to surveys',
    handoffs: 'What was passed on',
    'dead letters': 'Events that could not be read',
    messages: 'What the messages said, and why they were sent',
  },
};

const SV: MyDataWords = {
  none: 'Saknas',
  yes: 'Ja',
  sections: {
    person: { title: 'Om dig', empty: '' },
    bookings: { title: 'Bokningar', empty: 'Inga bokningar.' },
    purchases: { title: 'Köp', empty: 'Inga köp.' },
    choices: { title: 'Det du har valt', empty: 'Du har inte valt något än.' },
    messages: { title: 'Meddelanden till dig', empty: 'Inga meddelanden.' },
    answers: { title: 'Dina svar på enkäter', empty: 'Inga svar.' },
    replies: { title: 'Det du har skrivit, och vad vi gör åt det', empty: 'Inget.' },
    requests: { title: 'Det du har begärt om dina uppgifter', empty: 'Inget.' },
    recipients: { title: 'Vilka som har fått något', empty: 'Ingen.' },
    suppressions: { title: 'Det som stoppar utskick till dina adresser', empty: 'Inget.' },
    purposes: { title: 'Varför vi får använda dina uppgifter', empty: '' },
    retention: { title: 'Hur länge, och varifrån det kommer', empty: '' },
    more: { title: 'Övriga anteckningar', empty: 'Inget.' },
  },
  fields: {
    name: 'Namn',
    email: 'Mejladress',
    phone: 'Telefon',
    birthDate: 'Födelsedatum',
    language: 'Språk',
    timeZone: 'Tidszon',
    address: 'Postadress',
    guardian: 'Vårdnadshavares samtycke',
    attributes: 'Andra uppgifter',
    devices: 'Enheter med vår app',
    since: 'Känd sedan',
    changed: 'Senast ändrad',
    restricted: 'Begränsad sedan',
    paused: 'Marknadsföring pausad till',
    id: 'Nummer',
    when: 'När',
    service: 'Vad',
    place: 'Var',
    practitioner: 'Hos',
    price: 'Pris',
    status: 'Läge',
    items: 'Vad',
    channel: 'Hur',
    answer: 'Ditt val',
    how: 'Hur vi fick veta det',
    proof: 'Underlag',
    why: 'Varför',
    score: 'Betyg',
    comment: 'Med dina ord',
    text: 'Text',
    what: 'Vad',
    times: 'Hur ofta',
    due: 'Svar senast',
    until: 'Sparas till',
    basis: 'Rättslig grund',
    source: 'Varifrån det kommer',
    staff: 'Öppnat eller ändrat av personal',
    links: 'Länkar gjorda för dig',
    confirmations: 'Ombedd att bekräfta din adress',
    unreadable: 'Händelser om dig som inte gick att läsa',
    captured: 'Meddelanden sparade för test i stället för att skickas',
    softOptIn: 'Får erbjudanden som kund, sedan',
  },
  bookingStatus: {
    started: 'påbörjad, inte klar',
    confirmed: 'bokad',
    cancelled: 'avbokad',
    completed: 'genomförd',
    'no-show': 'utebliven',
  },
  status: {
    planned: 'planerat',
    released: 'på väg',
    sending: 'på väg',
    accepted: 'skickat',
    delivered: 'framme',
    bounced: 'kom inte fram',
    complained: 'anmält som skräppost',
    refused: 'inte skickat',
    cancelled: 'inställt',
    failed: 'gick inte att skicka',
    expired: 'inte skickat, det var för sent',
    unknown: 'skickat, men vi vet inte om det kom fram',
  },
  reasons: {
    'unknown-customer': 'du var inte känd',
    erased: 'du var raderad',
    restricted: 'dina uppgifter var begränsade',
    minor: 'du var under 18, utan vårdnadshavares samtycke',
    'no-address': 'vi hade ingen adress för det',
    suppressed: 'adressen får inte användas',
    objected: 'du hade invänt',
    withdrawn: 'du hade sagt nej',
    'channel-off': 'du hade stängt av det sättet',
    'no-consent': 'du hade inte sagt ja',
    duplicate: 'det var redan sagt',
    'too-late': 'det hade blivit för sent',
    expired: 'det hade blivit för sent',
    capped: 'du hade fått nog för tillfället',
    'invalid-template': 'något saknades i det',
    'not-allowed': 'systemet provas bara',
    paused: 'det är pausat',
    'quiet-hours': 'det väntar till morgonen',
  },
  choiceStates: { given: 'ja', withdrawn: 'nej', objected: 'invändning' },
  via: {
    event: 'från bokningen',
    page: 'på vår sida',
    'double-opt-in': 'bekräftat med en länk',
    staff: 'sagt till personal',
    inbound: 'i ett svar',
    import: 'övertaget från ett äldre system',
    merge: 'från en annan anteckning om dig',
  },
  basis: {
    consent: 'ditt samtycke',
    contract: 'vårt avtal med dig',
    'legal-duty': 'lagen kräver det',
    'legitimate-interest': 'vårt berättigade intresse: du får invända',
  },
  causes: {
    bounce: 'mejl kommer tillbaka',
    complaint: 'anmält som skräppost',
    stop: 'du svarade stopp',
    'bad-address': 'adressen finns inte',
    import: 'övertaget från ett äldre system',
    erasure: 'efter en radering',
    withdrawn: 'nej',
    objected: 'invändning',
  },
  requestKinds: {
    access: 'att få se dina uppgifter',
    portability: 'att få med dig dina uppgifter',
    rectification: 'en rättelse',
    restriction: 'en begränsning',
    objection: 'en invändning',
    erasure: 'en radering',
  },
  requestStates: { open: 'pågår', done: 'klart', refused: 'nekat' },
  taskKinds: {
    call: 'vi skulle ringa dig',
    reply: 'vi skulle svara dig',
    'unknown-message': 'vi skulle ta reda på om ett meddelande kom fram',
    request: 'vi skulle ta hand om din begäran',
  },
  retention: {
    erased: 'du är raderad',
    restricted: 'tills begränsningen hävs',
    'open-complaint': 'medan din reklamation pågår',
    'open-request': 'medan din begäran pågår',
    'minor-waiting': 'tills en vårdnadshavare har samtyckt',
    'future-booking': 'efter bokningen som ligger framåt',
    'recent-visit': 'räknat från ditt senaste besök, för reklamation och garanti',
    retention: 'tiden är ute: det försvinner vid nästa rensning',
    minor: 'tiden är ute: det försvinner vid nästa rensning',
  },
  sources: {
    'booking system': 'bokningssystemet',
    'the person': 'du själv',
    'facts, bookings, purchases': 'Uppgifter, bokningar och köp',
    address: 'Adress',
    language: 'Språk',
    'choices, answers, replies': 'Val, svar och meddelanden från dig',
  },
  kept: {
    'address-hash': {
      what: 'Ett kodat avtryck av din adress, på listan över dem som inte får marknadsföring. Ingen kan läsa ut adressen ur det.',
      ground: 'GDPR artikel 17.3 b och 21.3',
    },
    sent: {
      what: 'Att meddelanden har skickats, utan adress och innehåll.',
      ground: 'GDPR artikel 17.3 e och 5.2',
    },
    request: {
      what: 'Att du bad om det här, och när det blev gjort.',
      ground: 'GDPR artikel 17.3 e, 5.2 och 12.3',
    },
  },
  gone: {
    customer: 'Dina uppgifter',
    bookings: 'Bokningar',
    purchases: 'Köp',
    'survey answers': 'Svar på enkäter',
    handoffs: 'Det som har lämnats vidare',
    'dead letters': 'Händelser som inte gick att läsa',
    messages: 'Vad meddelandena sa, och varför de skickades',
  },
};

/** The words of a language; English where it has none. */
export function myDataWords(locale: string): MyDataWords {
  return locale === 'sv' ? SV : EN;
}
