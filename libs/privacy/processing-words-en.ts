import type { ProcessingWords } from './processing-words.types.js';

export const ENGLISH: ProcessingWords = {
  purposes: {
    booking:
      'We confirm what you have booked, tell you if it changes or is cancelled, and remind you in time.',
    receipt: 'We send receipts and word about payments.',
    delivery:
      'We tell you when what you bought is on its way or can be picked up, and keep in touch about the delivery.',
    support: 'We answer questions and take care of complaints and warranty matters.',
    recall: 'We warn you if something you bought from us is dangerous or recalled.',
    'legal-notice': 'We tell you what a law, a judgment or an authority’s decision requires.',
    handoff:
      'We pass on what is needed to whoever is going to receive you, so that your booking can be completed.',
    'enquiry-follow-up':
      'If you asked about something and it went quiet, we get in touch to hear whether you want to go on.',
    survey: 'After a visit we ask how it was, to measure our quality and get better.',
    'offer-call': 'While we prepare a quote that you asked for, we may call you so that it turns out right.',
    'abandoned-booking': 'If you began to book and did not finish, we remind you. There are no offers in it.',
    newsletter: 'We tell you what is going on here, and about things like those you have booked or bought.',
    offers: 'We send offers, general and personal ones.',
    news: 'We tell you news that may suit you.',
    inspiration: 'We share tips and inspiration.',
    benefits: 'We tell you about the benefits you have.',
    recommendations: 'We suggest products and services based on what you have booked and bought.',
    audience: 'We may show you our ads on social media and on other websites.',
    'market-research': 'We ask what you think, to understand what our customers would like.',
    measurement: 'We see which emails are opened and which links are used.',
  },
  own: {
    'online-account': {
      what: 'Signing in where you book',
      why: 'You sign in to book and to see your bookings.',
    },
    payment: { what: 'Payments', why: 'We charge, refund and keep track of what has been paid.' },
    'credit-check': {
      what: 'Credit checks',
      why: 'If you want to pay later we may need a credit report. You will be told.',
    },
    'identity-check': {
      what: 'Identity and age checks',
      why: 'Sometimes we must know who you are, or that you are old enough.',
    },
    'address-check': {
      what: 'Address checks',
      why: 'We may check that your address is right, so that what we send arrives.',
    },
    notes: {
      what: 'Pictures and notes',
      why: 'What you choose to leave with us, before a treatment for example.',
    },
    'legal-duty': {
      what: 'Laws, judgments and decisions of authorities',
      why: 'For example the Swedish bookkeeping act, the rules against money laundering and those on product liability and safety.',
    },
    'fraud-prevention': {
      what: 'Protection from fraud',
      why: 'We detect and prevent fraud and other illegal or unwanted activities.',
    },
    'service-improvement': {
      what: 'Better services',
      why: 'We analyse how our services and offers are used, to make them better.',
    },
    website: {
      what: 'Our website',
      why: 'When you visit it we see, for example, IP address, browser, operating system, app version, language and pages visited. From a phone also which device it is, its settings and its position.',
    },
  },
  grounds: {
    contract: 'contract (GDPR 6(1)(b))',
    'legal-duty': 'legal obligation (GDPR 6(1)(c))',
    'legitimate-interest': 'legitimate interest (GDPR 6(1)(f))',
    consent: 'consent (GDPR 6(1)(a))',
    'soft-opt-in':
      'consent (GDPR 6(1)(a)), or legitimate interest (GDPR 6(1)(f)) after a booking or purchase (section 19 of the Swedish marketing act)',
    'own-consent': 'a consent of its own (GDPR 6(1)(a))',
  },
  persons: {
    customer: 'customers, and those who have enquired or subscribe',
    visitor: 'visitors to the website',
    guardian: 'parents and guardians',
    contact: 'contact persons at receiving companies',
  },
  data: {
    name: 'name',
    contact: 'contact details: address, email and phone number',
    booking: 'bookings: what, when, where and with whom',
    purchase: 'purchases, with product and batch',
    enquiry: 'enquiries and cases',
    payment: 'amounts and payments, never card numbers',
    'birth-date': 'date of birth, if you have given it',
    guardian: 'a guardian’s consent, for those under 18',
    choices: 'your choices: what you said yes and no to, when and how',
    messages: 'messages we have sent and whether they arrived',
    replies: 'what you write back to us',
    survey: 'answers to surveys',
    attributes: 'facts about you as a customer that decide what we suggest',
    notes: 'pictures, photos and notes that you choose to leave',
    identity: 'proof of identity',
    account: 'sign-in details',
    opens: 'emails opened and links used, only if you said yes to it',
    website: 'details of visits to the website and of the device',
  },
  recipients: {
    'email-service': { what: 'sends our emails', who: 'email provider' },
    'sms-service': { what: 'sends our texts', who: 'text message provider' },
    transport: { what: 'transport', who: 'logistics and forwarding companies' },
    payment: { what: 'payments', who: 'card acquirers, banks and other payment service providers' },
    print: { what: 'print and distribution', who: 'print houses and distributors' },
    'social-media': { what: 'ads meant for you, only if you said yes', who: 'social media' },
    agency: { what: 'marketing', who: 'media and advertising agencies' },
    it: { what: 'operation, support and maintenance of our IT systems', who: 'IT companies' },
    analysis: { what: 'analysis to improve our services', who: 'analysis companies' },
    health: { what: 'receive you and provide what you have booked', who: 'health and care providers' },
    travel: { what: 'receive you and provide your trip', who: 'travel providers' },
    authority: {
      what: 'when the law requires it, or when it is needed to prevent, reveal or investigate crime or fraud',
      who: 'public authorities',
    },
  },
  roles: { processor: 'processor', controller: 'controller of its own' },
  safeguards: {
    adequacy: 'an adequacy decision of the European Commission (article 45)',
    'standard-clauses': 'the European Commission’s standard contractual clauses (article 46)',
    'binding-rules': 'binding corporate rules (article 47)',
  },
  withinEea: 'within the EU and EEA',
  measures: [
    'Each message is checked against your choices just before it is sent. Without a yes it does not go out.',
    'Only authorised staff reach personal data, with keys of their own that allow what their role needs.',
    'Traffic to the pages that the links in our messages lead to, and to our providers, is encrypted.',
    'Logs, metrics and queues hold no names, addresses or numbers.',
    'Providers are given only what a message needs to arrive, with a random reference.',
    'Addresses that have said no are kept as keyed hashes, not in clear text.',
    'Card numbers are masked before anything is kept.',
    'Links in messages are signed, cannot be guessed and show only a masked address.',
    'Data is deleted automatically when its time is up, and what is deleted is counted.',
  ],
  retention: (months) =>
    `${months} months after the latest visit, unless a law requires longer (for example seven years after the end of the financial year for accounting records)`,
};
