import { describe, expect, it } from '@jest/globals';
import { brandColours } from './brand-colours.js';

describe('the colours of a tenant', () => {
  it('keeps a colour that can be read and mends one that cannot', () => {
    expect(brandColours('#2f6f5e')).toMatchObject({
      colour: '#2f6f5e',
      onColour: '#ffffff',
      link: '#2f6f5e',
    });
    const pale = brandColours('#ffe680');
    expect(pale).toMatchObject({ colour: '#ffe680', onColour: '#141818', linkDark: '#ffe680' });
    expect(pale?.link).not.toBe('#ffe680');
    expect(brandColours('#000')).toMatchObject({ colour: '#000000', onColour: '#ffffff' });
    expect(brandColours('#000')?.linkDark).not.toBe('#000000');
  });

  it.each(['red', '#12', '#12345g', '#2f6f5e;}', ''])('knows %s for no colour', (colour) => {
    expect(brandColours(colour)).toBeNull();
  });
});
