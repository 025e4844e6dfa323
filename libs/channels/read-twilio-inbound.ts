import { maskCardNumbers } from '#platform/masking';
import type { Stream } from '#purposes/stream';
import { type Inbound, MOST_TEXT } from './inbound.js';
import { isHelpWord, isOptInWord, isOptOutWord } from './opt-out-words.js';

const KIND_OF_OPT_OUT_TYPE: Record<string, Inbound['kind']> = { STOP: 'stop', START: 'start', HELP: 'help' };

/**
 * A text that somebody sent to a number of ours; null where the form is none. `OptOutType` is what Twilio's Advanced
 * Opt-Out understood by its own words, which a tenant may have changed there; ours are understood beside them.
 */
export function readTwilioInbound(form: URLSearchParams, streamOf: (to: string) => Stream): Inbound | null {
  const [id, from, to] = [form.get('MessageSid') ?? form.get('SmsSid'), form.get('From'), form.get('To')];
  if (!id || !from || to === null) return null;
  const text = form.get('Body') ?? '';
  const told = KIND_OF_OPT_OUT_TYPE[(form.get('OptOutType') ?? '').toUpperCase()];
  return {
    id,
    channel: 'sms',
    // WhatsApp and the like come with a prefix; a number is what is left.
    from: from.replace(/^[a-z]+:/, ''),
    stream: streamOf(to),
    text: maskCardNumbers(text.trim()).text.slice(0, MOST_TEXT),
    kind: told ?? kindOf(text),
  };
}

function kindOf(text: string): Inbound['kind'] {
  if (isOptOutWord(text)) return 'stop';
  if (isOptInWord(text)) return 'start';
  return isHelpWord(text) ? 'help' : 'text';
}
