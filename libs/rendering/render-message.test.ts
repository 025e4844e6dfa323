import { beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { loadTemplates, type Templates } from './templates.js';
import type { Rendered, RenderInput } from './render-message.js';

/** The checkout's own templates: what is tested is what is sent. */
const TEMPLATES = join(import.meta.dirname, '../../templates');

describe('rendering a message', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates(TEMPLATES);
  });

  const sample = (
    change: (input: RenderInput) => void = () => undefined,
    channel: 'email' | 'sms' = 'email',
  ): RenderInput => {
    const input = structuredClone(templates.sample('booking-confirmation', channel, 'sv'));
    if (!input) throw new Error('no sample');
    change(input);
    return input;
  };
  const rendered = (input: RenderInput): Rendered => {
    const result = templates.render(input);
    if (result.kind === 'invalid') throw new Error(result.problem);
    return result.content;
  };

  it('renders the confirmation that each case below spoils', () => {
    const content = rendered(sample());
    expect(content.subject).toBe('Din bokning är klar: torsdag 3 december kl. 10.15');
    expect(content.text).toContain('Hej Anna Berg!');
    expect(content.html).toContain('Hej Anna Berg!');
  });
});
