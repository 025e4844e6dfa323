/** A comment's room, in UTF-16 units, as `maxlength` counts. */
export const MOST_COMMENT = 2_000;

/** What a survey's form said, or what is wrong with it; what was written is kept to be shown again. */
export type SurveyForm = { score: string; comment: string } & (
  | { kind: 'good'; answer: { score: number; comment: string | null } }
  | { kind: 'wrong'; scoreFault: boolean; commentFault: boolean }
);

/** Reads the fields: a whole number from 0 to 10, and a text that may be absent. */
export function readSurveyForm(fields: ReadonlyMap<string, string>): SurveyForm {
  const score = fields.get('score')?.trim() ?? '';
  const comment = plain(fields.get('comment') ?? '');
  const scoreFault = !/^(?:\d|10)$/.test(score);
  const commentFault = comment.length > MOST_COMMENT;
  if (scoreFault || commentFault) return { kind: 'wrong', score, comment, scoreFault, commentFault };
  return { kind: 'good', score, comment, answer: { score: Number(score), comment: comment || null } };
}

/** What a browser sends as CRLF counts once; control characters and overrides of direction say nothing. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const plain = (text: string): string =>
  text.replace(/\r\n?/g, '\n').replace(UNPRINTABLE, '').normalize('NFC').trim();
