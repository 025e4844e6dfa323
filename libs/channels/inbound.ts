import type { Stream } from '#purposes/stream';

/** What a person wrote back, as a provider handed it over. Text of theirs: never logged. */
export interface Inbound {
  /** The provider's name of it: told twice, it is one. */
  id: string;
  channel: 'email' | 'sms';
  /** As the provider writes it. */
  from: string;
  /** The stream of the sender that was answered. */
  stream: Stream;
  /** What is to be read: without what was quoted, card numbers masked, at most `MOST_TEXT` long. */
  text: string;
  /**
   * `stop`: the whole of it is a word that means it (RFC 3834 aside, on SMS the provider has stopped already); `start`
   * and `help` are the provider's own words; `automatic`: nobody wrote it; `text`: somebody did.
   */
  kind: 'stop' | 'start' | 'help' | 'automatic' | 'text';
  /** The token of our unsubscribe link, where a mail was sent to say no by it (RFC 2369, mailto). */
  token?: string | undefined;
}

/** What staff reads is the beginning; a book is no answer. */
export const MOST_TEXT = 2_000;
