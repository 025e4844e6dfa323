import { createHash } from 'node:crypto';
import mjml2html from 'mjml';
import type { InviteMethod } from './calendar-invite.js';
import { originOf, type Composed } from './compose-source.js';
import { compileFill, type Fill } from './fill.js';
import { joinNeeds, type Needs } from './needed-variables.js';
import { parseTemplate } from './parse-template.js';
import type { Fault } from './template-fault.js';
import type { TemplateSource } from './template-sources.js';

interface Compiled {
  template: string;
  locale: string;
  /** SHA-256 of the composed sources, 12 hex digits. */
  version: string;
  needs: Needs;
  text: Fill;
}

/** A template in one locale on one channel. */
export type CompiledMessage =
  | (Compiled & { channel: 'sms' })
  | (Compiled & { channel: 'email'; subject: Fill; html: Fill; calendar: InviteMethod | undefined });

/** Compiles one template; undefined, with its faults noted, where MJML refuses it or would lose a part of it. */
export async function compileMessage(
  source: TemplateSource,
  faults: Fault[],
): Promise<CompiledMessage | undefined> {
  const { template, channel, locale, declaration, parts } = source;
  const { subject, text, html } = parts;
  if (!text) return undefined;
  const present = Object.values(parts);
  const version = createHash('sha256')
    .update(JSON.stringify([declaration.calendar ?? null, present.map((part) => part.text)]))
    .digest('hex')
    .slice(0, 12);
  const needs = joinNeeds(present.map((part) => parseTemplate(part.text).needs));
  const common = { template, locale, version, needs, text: compileFill(text.text, true) };
  if (channel === 'sms') return { ...common, channel };
  if (!subject || !html) return undefined;
  const markup = await compileMjml(html, faults);
  if (markup === undefined) return undefined;
  return {
    ...common,
    channel,
    calendar: declaration.calendar,
    subject: compileFill(subject.text, true),
    html: compileFill(markup, false),
  };
}

/** MJML checks colours, so a tenant's colour passes through it as a colour that nothing else has. */
const STAND_INS = {
  '{{look.colour}}': '#b0a0d1',
  '{{look.onColour}}': '#b0a0d2',
  '{{look.link}}': '#b0a0d3',
  '{{look.linkDark}}': '#b0a0d4',
} as const;

/** MJML to HTML with its Handlebars expressions intact. */
async function compileMjml(source: Composed, faults: Fault[]): Promise<string | undefined> {
  const at = (line: number, problem: string): unknown => faults.push({ ...originOf(source, line), problem });
  let written = source.text;
  for (const [variable, colour] of Object.entries(STAND_INS)) written = written.replaceAll(variable, colour);
  // Each expression gets a mark of its own: MJML drops without a word what stands between components.
  const marked: { expression: string; line: number }[] = [];
  written = written.replace(EXPRESSION, (expression, offset: number) => {
    marked.push({ expression, line: written.slice(0, offset).split('\n').length });
    return `${expression}\ue000${marked.length - 1}\ue001`;
  });
  try {
    const { html, errors } = await mjml2html(written, {
      validationLevel: 'soft',
      keepComments: false,
      fonts: {},
    });
    for (const { line, message, tagName } of errors) at(line, `MJML ${tagName}: ${message}`);
    const lost = marked.filter((_, index) => !html.includes(`\ue000${index}\ue001`));
    for (const { expression, line } of lost) {
      at(line, `MJML drops ${expression}: between components it needs an <mj-raw> around it`);
    }
    if (errors.length + lost.length > 0) return undefined;
    let markup = squeeze(html.replace(/\ue000\d+\ue001/g, ''));
    for (const [variable, colour] of Object.entries(STAND_INS)) markup = markup.replaceAll(colour, variable);
    return markup;
  } catch (error) {
    at(1, `MJML: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Anything but a comment. */
const EXPRESSION = /\{\{[^!][^}]*\}\}/g;

/** Indentation costs a third of a mail's size and says nothing. */
const squeeze = (html: string): string =>
  html
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
