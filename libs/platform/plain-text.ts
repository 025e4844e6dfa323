/**
 * A control character but for tab and line break, half a surrogate pair, or one of private use: nobody writes or sees one,
 * and what reads the text after us may stop at it or take it for a mark of its own.
 */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\p{Co}]/u;

/** Whether a text has nothing but what can be seen. */
export const isPlainText = (text: string): boolean => !UNSEEN.test(text);
