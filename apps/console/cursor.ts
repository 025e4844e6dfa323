import type { MessageCursor } from '#messages/message-query';

/** Where the next page begins, opaque to the caller. */
export function cursorOf(row: { createdAt: Date; _id: string }): string {
  return Buffer.from(JSON.stringify([row.createdAt.getTime(), row._id])).toString('base64url');
}

/** Null for anything that `cursorOf` did not make. */
export function readCursor(text: string): MessageCursor | null {
  try {
    const [at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof at !== 'number' || typeof id !== 'string') return null;
    return { createdAt: new Date(at), id };
  } catch {
    return null;
  }
}
