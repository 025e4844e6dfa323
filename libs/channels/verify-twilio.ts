import twilio from 'twilio';

/** What Twilio signed: the URL that it was told to call, and the form's fields. */
export interface SignedByTwilio {
  signature: string | undefined;
  /** PUBLIC_URL with the request's path and query: the Host header is whatever its sender likes. */
  url: string;
  form: URLSearchParams;
}

/** Whether Twilio said this: HMAC-SHA1 by the account's token. There is no time in it, so a replay is no forgery. */
export function verifyTwilio(
  authToken: string | undefined,
  { signature, url, form }: SignedByTwilio,
): 'genuine' | 'no-key' | 'unsigned' | 'forged' {
  if (!authToken) return 'no-key';
  if (!signature) return 'unsigned';
  const fields = Object.fromEntries([...new Set(form.keys())].map((name) => [name, valuesOf(form, name)]));
  return twilio.validateRequest(authToken, signature, url, fields) ? 'genuine' : 'forged';
}

function valuesOf(form: URLSearchParams, name: string): string | string[] {
  // A list of ours: the library asks `instanceof Array`, which one made elsewhere may not be.
  const values = [...form.getAll(name)];
  return values.length === 1 ? values[0]! : values;
}
