import type { Rendered } from '#rendering/rendered';

type Attachment = Rendered['attachments'][number];

/** Whether an attachment is an invitation, which mail programs want as a part of the body too. */
export function isCalendar(attachment: Attachment): boolean {
  return /^text\/calendar\b/i.test(attachment.contentType);
}

/** REQUEST, CANCEL …: as the type says, else as the calendar itself says. */
export function calendarMethod(attachment: Attachment): string {
  const named =
    /;\s*method="?([A-Z]+)/i.exec(attachment.contentType) ?? /^METHOD:([A-Z]+)/im.exec(attachment.content);
  return (named?.[1] ?? 'PUBLISH').toUpperCase();
}
