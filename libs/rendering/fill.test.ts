import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import Handlebars from 'handlebars';
import { compileFill } from './fill.js';
import type { View } from './message-view.js';

const SOURCE = `<p class="a">Hej{{#if person.name}} {{person.name}}{{/if}}, "välkommen" –
  {{#if booking.when}}
  <b>{{booking.when}}</b>
  {{else}}
    \\ inget
  {{/if}}
{{!-- a note --}}
{{#unless links.survey}}{{tenant.name}}{{~#if message.last}} sist {{/if}}{{/unless}}
</p>
`;
const words = fc.option(fc.string({ unit: 'binary' }));
const views = fc.record({ name: words, when: words, tenant: words, survey: words, last: words }).map(
  ({ name, when, tenant, survey, last }) =>
    ({
      person: { name },
      booking: { when },
      tenant: { name: tenant },
      links: { survey },
      message: { last },
    }) as unknown as View,
);

describe('a compiled template', () => {
  it.each([true, false])('says what Handlebars says (unescaped: %s), as text and as JSON', (noEscape) => {
    const theirs = Handlebars.compile<View>(SOURCE, { noEscape, strict: true });
    const ours = compileFill(SOURCE, noEscape);
    fc.assert(
      fc.property(views, (view) => {
        const text = theirs(view);
        expect(ours(view)).toBe(text);
        expect(JSON.parse(`"${Buffer.concat(ours.json(view)).toString()}"`)).toBe(text);
      }),
    );
  });

  it.each([
    '{{{person.name}}}',
    '{{person}}',
    '{{log person.name}}',
    '{{#each person}}a{{/each}}',
    '{{> a}}',
  ])('is none of %s', (source) => {
    expect(() => compileFill(source, true)).toThrow();
  });

  it('leaves no gap for what its view does not know', () => {
    expect(() => compileFill('{{person.nme}}', true)({ person: {} } as unknown as View)).toThrow('nme');
  });
});
