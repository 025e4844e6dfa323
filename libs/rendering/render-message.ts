import type { CompiledMessage } from './compile-message.js';
import { calendarInvite } from './calendar-invite.js';
import { noteHtmlJson } from './html-json.js';
import { noteSharing } from './shared-body.js';
import { shareBody, tidy, oneLine } from './share-body.js';
import { messageView, type View } from './message-view.js';
import { firstMissing } from './needed-variables.js';
import { LOGO_CID, type Attachment, type RenderInput, type RenderResult } from './rendered.js';
import { fitSms, MAX_SMS_LENGTH } from './sms-text.js';
import { sourceOf } from './template-variables.js';

/** Renders one compiled template, or says why it would leave a gap. */
export function renderMessage(compiled: CompiledMessage, input: RenderInput): RenderResult {
  const invalid = (problem: string): RenderResult => ({
    kind: 'invalid',
    problem: `${compiled.template} (${compiled.channel}, ${compiled.locale}): ${problem}`,
  });
  const seen = messageView(input, compiled.locale);
  if (seen.kind === 'invalid') return invalid(seen.problem);
  const missing = firstMissing(compiled.needs, seen.view);
  if (missing) return invalid(`${sourceOf(missing)} is missing`);
  return compiled.channel === 'sms'
    ? renderSms(compiled, seen.view, invalid)
    : renderEmail(compiled, seen.view, input, invalid);
}

type Invalid = (problem: string) => RenderResult;

function renderSms(
  compiled: CompiledMessage & { channel: 'sms' },
  view: View,
  invalid: Invalid,
): RenderResult {
  const { text, segments, encoding } = fitSms(oneLine(compiled.text(view)));
  if (text.length > MAX_SMS_LENGTH) return invalid(`longer than ${MAX_SMS_LENGTH} characters`);
  const { template, version, locale } = compiled;
  return {
    kind: 'rendered',
    content: { text, attachments: [], sms: { segments, encoding }, template, version, locale },
  };
}

function renderEmail(
  compiled: CompiledMessage & { channel: 'email' },
  view: View,
  input: RenderInput,
  invalid: Invalid,
): RenderResult {
  const { template, version, locale, calendar } = compiled;
  const attachments: Attachment[] = [];
  if (calendar) {
    const invite = calendarInvite(calendar, input, locale);
    if (invite.kind === 'invalid') return invalid(invite.problem);
    attachments.push(invite.attachment);
  }
  const { logo } = input.tenant;
  let text: string | undefined;
  const content = {
    ...{ attachments, template, version, locale },
    // Who shares a body has no use for them, and who wants bytes none for the HTML: they are written when they are asked for.
    get subject(): string {
      return oneLine(compiled.subject(view));
    },
    get text(): string {
      return (text ??= tidy(compiled.text(view)));
    },
    get html(): string {
      return compiled.html(view);
    },
  };
  if (logo) {
    const picture = (): string | undefined =>
      content.html.includes(`cid:${LOGO_CID}`) ? logo.base64 : undefined;
    Object.defineProperty(content, 'logo', { get: picture, enumerable: true });
  }
  noteHtmlJson(content, () => compiled.html.json(view));
  // An invitation is one person's own.
  if (!calendar) noteSharing(content, () => shareBody(compiled, view));
  return { kind: 'rendered', content };
}
