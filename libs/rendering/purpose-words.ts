import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';

/** How a purpose is called in a sentence to the person: "stop getting newsletters", "no more newsletters". */
export interface PurposeWords {
  what: string;
  noMore: string;
}

interface Words {
  purposes: Record<Purpose | 'marketing', string | PurposeWords>;
  noMore: string;
  channels: Record<Channel | 'all', string>;
  /** Channels by name, as beside a box. */
  channelNames: Record<Channel, string>;
}

const ENGLISH: Words = {
  noMore: 'no more',
  purposes: {
    marketing: 'marketing',
    booking: 'messages about your bookings',
    receipt: 'receipts',
    delivery: 'delivery notices',
    support: 'answers from customer service',
    recall: 'product recalls',
    'legal-notice': 'notices that the law requires',
    handoff: 'details for your care or travel provider',
    'enquiry-follow-up': 'follow-ups of your enquiries',
    survey: 'surveys',
    'offer-call': 'calls about your quotes',
    'abandoned-booking': 'reminders of unfinished bookings',
    newsletter: 'newsletters',
    offers: 'offers',
    news: 'news',
    inspiration: 'inspiration',
    benefits: 'tips about benefits',
    recommendations: 'personal recommendations',
    audience: 'ads meant for you',
    'market-research': 'market research',
    measurement: 'measuring of what you open',
  },
  channels: {
    all: 'in any channel',
    email: 'by email',
    sms: 'by text',
    push: 'in the app',
    call: 'by phone',
    whatsapp: 'on WhatsApp',
    audience: 'on social media',
    letter: 'by post',
  },
  channelNames: {
    email: 'Email',
    sms: 'Text',
    push: 'App',
    call: 'Phone',
    whatsapp: 'WhatsApp',
    audience: 'Social media',
    letter: 'Post',
  },
};

/** What cannot be counted in Swedish: `ingen mer inspiration`, beside `inga fler nyhetsbrev`. */
const uncounted = (what: string): PurposeWords => ({ what, noMore: `ingen mer ${what}` });

const WORDS: Record<string, Words> = {
  en: ENGLISH,
  sv: {
    noMore: 'inga fler',
    purposes: {
      marketing: uncounted('marknadsföring'),
      booking: 'meddelanden om dina bokningar',
      receipt: 'kvitton',
      delivery: 'leveransbesked',
      support: 'svar från kundservice',
      recall: 'produktåterkallelser',
      'legal-notice': 'meddelanden som lagen kräver',
      handoff: 'uppgifter till din vårdgivare eller researrangör',
      'enquiry-follow-up': 'uppföljningar av dina förfrågningar',
      survey: 'enkäter',
      'offer-call': 'samtal om dina offerter',
      'abandoned-booking': 'påminnelser om påbörjade bokningar',
      newsletter: 'nyhetsbrev',
      offers: 'erbjudanden',
      news: 'nyheter',
      inspiration: uncounted('inspiration'),
      benefits: 'tips om förmåner',
      recommendations: 'personliga rekommendationer',
      audience: 'annonser riktade till dig',
      'market-research': 'marknadsundersökningar',
      measurement: uncounted('mätning av vad du öppnar'),
    },
    channels: {
      all: 'i någon kanal',
      email: 'via mejl',
      sms: 'via sms',
      push: 'i appen',
      call: 'per telefon',
      whatsapp: 'på WhatsApp',
      audience: 'i sociala medier',
      letter: 'med post',
    },
    channelNames: {
      email: 'Mejl',
      sms: 'Sms',
      push: 'Appen',
      call: 'Telefon',
      whatsapp: 'WhatsApp',
      audience: 'Sociala medier',
      letter: 'Post',
    },
  },
};

/** A purpose in the words of a language; English where the language has none. */
export function purposeWords(purpose: Purpose | 'marketing', locale: string): PurposeWords {
  const { purposes, noMore } = WORDS[locale] ?? ENGLISH;
  const words = purposes[purpose];
  return typeof words === 'string' ? { what: words, noMore: `${noMore} ${words}` } : words;
}

/** A channel as an adverbial: `by email`, `via sms`. */
export function channelWords(channel: Channel | 'all', locale: string): string {
  return (WORDS[locale] ?? ENGLISH).channels[channel];
}

/** A channel by its name: `Email`, `Sms`. */
export function channelName(channel: Channel, locale: string): string {
  return (WORDS[locale] ?? ENGLISH).channelNames[channel];
}
