import { expect, it } from '@jest/globals';
import { isPlainText } from './plain-text.js';

it('letters of every script, line breaks and joined pictures are plain', () => {
  for (const text of ['Hej Åsa!\r\n\tVälkommen', '李明', '👩‍👧 ok', '']) expect(isPlainText(text)).toBe(true);
});

it.each(['\0', '\u001b', '\u007f', '\u0085', '\ud800', '\ue000'])('%j is not', (char) => {
  expect(isPlainText(`a${char}b`)).toBe(false);
});
