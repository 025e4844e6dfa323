/** What an SMTP URL may say. Other query parameters are refused: nodemailer would take `logger=true` from one. */
export function smtpServer(url: string) {
  // Not left to the constructor: its error carries the URL, with the password.
  if (!URL.canParse(url)) throw new Error('an SMTP URL is smtp://[user:password@]host[:port]');
  const parsed = new URL(url);
  if (!/^smtps?:$/.test(parsed.protocol)) throw new Error('an SMTP URL begins with smtp:// or smtps://');
  const unknown = [...parsed.searchParams.keys()].filter((name) => !['requireTLS', 'name'].includes(name));
  if (unknown.length) throw new Error('an SMTP URL may only add requireTLS and name');
  const secure = parsed.protocol === 'smtps:';
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port) || (secure ? 465 : 587),
    secure,
    requireTLS: parsed.searchParams.get('requireTLS') === 'true',
    ...(parsed.searchParams.get('name') ? { name: parsed.searchParams.get('name') as string } : {}),
    ...(parsed.username
      ? { auth: { user: decodeURIComponent(parsed.username), pass: decodeURIComponent(parsed.password) } }
      : {}),
  };
}
