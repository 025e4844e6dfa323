import { describe, expect, it } from '@jest/globals';
import { isOptInWord, isOptOutWord } from './opt-out-words.js';

describe('opt-out words', () => {
  it.each([
    'STOP',
    'stop',
    ' Stop. ',
    '”Stopp!”',
    'AVSLUTA',
    'avregistrera',
    'StopAll',
    'Unsubscribe',
    'cancel',
    'end',
    'QUIT',
    'optout',
    'Revoke',
    'ＳＴＯＰ',
  ])('%p is an opt-out', (text) => expect(isOptOutWord(text)).toBe(true));
  it.each(['', '...', 'Stopp i trafiken, kommer sent', 'stop it', 'ja', 'START', 'stopping', 'Avsluta inte'])(
    '%p is none',
    (text) => expect(isOptOutWord(text)).toBe(false),
  );
  it.each(['START', 'yes!', ' unstop '])('%p is an opt-in', (text) => expect(isOptInWord(text)).toBe(true));
  it.each(['ja', 'STOP', 'yes please', ''])('%p is no opt-in', (text) =>
    expect(isOptInWord(text)).toBe(false),
  );
});
