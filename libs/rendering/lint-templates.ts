import { RULES } from '#purposes/purposes';
import { originOf, type Composed } from './compose-source.js';
import { parseTemplate, type ParsedTemplate } from './parse-template.js';
import type { RenderResult } from './rendered.js';
import { isGsm7 } from './sms-text.js';
import type { Fault } from './template-fault.js';
import type { Manifest } from './template-manifest.js';
import type { PartName, TemplateSource } from './template-sources.js';
import { isFlag, isLook, isSensitive, type VariableName } from './template-variables.js';

/** Gmail cuts a mail off above 102 KB: its end is where the unsubscribe link stands. */
const MAX_HTML_BYTES = 102 * 1024;
const MAX_SUBJECT_LENGTH = 90;
const MAX_SAMPLE_SEGMENTS = 2;

/** Answering with one of these blocks or unblocks the person at the provider; and nobody can answer a named sender. */
export const REPLY_WORDS =
  /(?<![\p{L}\p{N}])(stop|stopp|stopall|unsubscribe|cancel|end|quit|optout|revoke|start|yes|unstop|help|info|avsluta|avregistrera|svara|reply)(?![\p{L}\p{N}])/iu;

/** What one part of a message says, with its lines. */
interface Part {
  name: PartName;
  composed: Composed;
  parsed: ParsedTemplate;
}

/** Judges the sources before anything is compiled. */
export function lintSources(
  sources: readonly TemplateSource[],
  manifest: Manifest,
  manifestFile: string,
): Fault[] {
  const faults: Fault[] = [];
  const said = new Map<string, Set<VariableName>>();
  const read = sources.map((source) => ({ source, parts: partsOf(source) }));
  for (const { source, parts } of read) {
    const allowed = new Set([...manifest.shared, ...source.declaration.variables]);
    for (const part of parts) faults.push(...lintPart(source, part, allowed));
    faults.push(...lintOptOut(source, parts), ...lintTwins(source, parts));
    const own = said.get(source.template) ?? new Set();
    for (const { parsed } of parts) for (const { name } of parsed.uses) own.add(name);
    said.set(source.template, own);
  }
  for (const [template, { variables }] of Object.entries(manifest.templates)) {
    for (const name of variables) {
      if (said.get(template)?.has(name) === false) {
        const line = manifest.lineOf(template);
        faults.push({
          file: manifestFile,
          line,
          problem: `${template} declares ${name}, which none of its texts says`,
        });
      }
    }
  }
  return [...faults, ...lintLocales(read)];
}

function partsOf(source: TemplateSource): Part[] {
  return Object.entries(source.parts).map(([name, composed]) => {
    return { name: name as PartName, composed, parsed: parseTemplate(composed.text) };
  });
}

/** Judges what a sample became. */
export function lintRendered(source: TemplateSource, result: RenderResult): Fault[] {
  const at = placeOf(source, source.channel === 'sms' ? 'text' : 'html');
  if (result.kind === 'invalid') return [{ ...at, problem: `its sample does not render: ${result.problem}` }];
  const { html, subject, sms } = result.content;
  const faults: Fault[] = [];
  const bytes = html === undefined ? 0 : Buffer.byteLength(html);
  if (bytes > MAX_HTML_BYTES)
    faults.push({ ...at, problem: `the mail has ${bytes} bytes: Gmail cuts at 102 KB` });
  if (subject !== undefined && subject.length > MAX_SUBJECT_LENGTH) {
    faults.push({ ...placeOf(source, 'subject'), problem: `the subject has ${subject.length} characters` });
  }
  if (sms && sms.segments > MAX_SAMPLE_SEGMENTS) {
    faults.push({
      ...at,
      problem: `the sample takes ${sms.segments} segments: at most ${MAX_SAMPLE_SEGMENTS}`,
    });
  }
  return faults;
}

/** Where a template's own words are: its text for what concerns it whole. */
function placeOf(source: TemplateSource, part: PartName): { file: string; line: number } {
  const own = `/${source.channel}/${source.template}/${source.locale}/`;
  const origins = source.parts[part]?.origins ?? [];
  return origins.find(({ file }) => file.includes(own)) ?? origins[0] ?? { file: own, line: 1 };
}

function lintPart(source: TemplateSource, part: Part, allowed: ReadonlySet<VariableName>): Fault[] {
  const { composed, parsed, name } = part;
  const faults: Fault[] = [];
  const at = (line: number, problem: string): unknown =>
    faults.push({ ...originOf(composed, line), problem });
  for (const { line, problem } of parsed.faults) at(line, problem);
  const shown = source.channel === 'sms' || name === 'subject' || name === 'preview';
  for (const { name: variable, line, said } of parsed.uses) {
    if (said && isFlag(variable)) at(line, `${variable} can only be asked about: {{#if ${variable}}}`);
    if (!allowed.has(variable)) {
      at(line, `${variable} is not declared for ${source.template} in templates.yaml`);
    }
    if (shown && isSensitive(variable))
      at(line, `${variable} may be health data: in the body of a mail only`);
  }
  for (const { text, line } of parsed.fixed) {
    text.split('\n').forEach((words, index) => {
      const plain = name === 'html' ? words.replace(/<[^>]*>?/g, ' ') : words;
      const caps = /(?<![\p{L}\p{N}#])\p{Lu}{4,}(?!\p{L})/u.exec(plain);
      if (caps) at(line + index, `shouting looks like spam: ${caps[0]}`);
      if (/!\s*!/.test(plain)) at(line + index, 'one exclamation mark is plenty');
      if (source.channel === 'sms')
        lintSmsLine(words, source.declaration.answers, (problem) => at(line + index, problem));
    });
  }
  if (name === 'subject' && composed.text.trim().includes('\n')) at(1, 'a subject is one line');
  lintMarkup(composed.text, at);
  return faults;
}

function lintSmsLine(words: string, mayBeAnswered: boolean, fault: (problem: string) => unknown): void {
  const strange = [...words].find((char) => !isGsm7(char));
  if (strange !== undefined)
    fault(`${JSON.stringify(strange)} is not in GSM-7: it would halve what an SMS holds`);
  const reply = REPLY_WORDS.exec(words);
  if (reply && !mayBeAnswered)
    fault(`nobody can answer this SMS, and providers act on the word: ${reply[0]}`);
}

/** Links and pictures: https only, nothing from elsewhere, a text for every picture. */
function lintMarkup(text: string, at: (line: number, problem: string) => unknown): void {
  const each = (pattern: RegExp, problem: (found: RegExpExecArray) => string | null): void => {
    for (const found of text.matchAll(pattern)) {
      const wrong = problem(found);
      if (wrong) at(text.slice(0, found.index).split('\n').length, wrong);
    }
  };
  each(/http:\/\//gi, () => 'a link begins with https://');
  each(/<(?:img|mj-image)\b[^>]*>/gi, ([tag]) =>
    /\balt="[^"]+"/.test(tag) ? null : 'a picture needs an alt text',
  );
  each(/\bsrc="([^"]*)"/gi, ([, src]) =>
    src === '{{tenant.logo}}' ? null : 'nothing is loaded from elsewhere',
  );
  each(/\bhref="([^"]*)"/gi, ([, href = '']) =>
    /^(?:https:\/\/|\{\{(?:links\.\w+|booking\.url)\}\}$)/.test(href) ? null : `not a web link: ${href}`,
  );
  each(/<(?:script|form|iframe|object|embed|link|mj-font|mj-include|mj-html-attributes)\b/gi, ([tag]) => {
    return `${tag}> has no place in a mail`;
  });
  each(/url\(|@import|@font-face|javascript:/gi, ([word]) => `nothing is loaded from elsewhere: ${word}`);
}

/** What a person can object to says how; what cannot be objected to does not pretend. */
function lintOptOut(source: TemplateSource, parts: readonly Part[]): Fault[] {
  const { purpose } = source.declaration;
  const link: VariableName = source.channel === 'sms' ? 'links.optOut' : 'links.unsubscribe';
  const faults: Fault[] = [];
  for (const { name, parsed } of parts) {
    if (name !== 'text' && name !== 'html') continue;
    const has = parsed.needs.always.includes(link);
    const place = placeOf(source, name);
    if (RULES[purpose].stoppedByChoice && !has) {
      faults.push({
        ...place,
        problem: `${purpose} can be objected to: its ${name} must always say {{${link}}}`,
      });
    }
    if (!RULES[purpose].stoppedByChoice && parsed.uses.some((use) => use.name === link)) {
      faults.push({
        ...place,
        problem: `${purpose} cannot be objected to: its ${name} must not say {{${link}}}`,
      });
    }
  }
  return faults;
}

/** Plain text and HTML say the same facts. */
function lintTwins(source: TemplateSource, parts: readonly Part[]): Fault[] {
  const facts = (name: PartName): Set<VariableName> => {
    const uses = parts.find((part) => part.name === name)?.parsed.uses ?? [];
    return new Set(
      uses.filter(({ name: variable, said }) => said && !isLook(variable)).map((use) => use.name),
    );
  };
  if (!source.parts.text || !source.parts.html) return [];
  const shownAbove = new Set([...facts('subject'), ...facts('preview')]);
  const [text, html] = [facts('text'), facts('html')];
  const missingIn = (name: PartName, has: Set<VariableName>, other: Set<VariableName>): Fault[] =>
    [...other]
      .filter((variable) => !has.has(variable) && !shownAbove.has(variable))
      .map((variable) => ({
        ...placeOf(source, name),
        problem: `${variable} is said in one of text and HTML only`,
      }));
  return [...missingIn('text', text, html), ...missingIn('html', html, text)];
}

/** Every locale of a template says the same facts. */
function lintLocales(read: readonly { source: TemplateSource; parts: readonly Part[] }[]): Fault[] {
  const said = read.map(({ source, parts }) => {
    const uses = parts.flatMap((part) => part.parsed.uses).filter((use) => use.said);
    return { source, facts: new Set(uses.map((use) => use.name)) };
  });
  return said.flatMap(({ source, facts }) => {
    const { template, channel } = source;
    const twins = said.filter((twin) => twin.source.template === template && twin.source.channel === channel);
    return twins.flatMap((twin) =>
      [...twin.facts]
        .filter((variable) => !facts.has(variable))
        .map((variable) => ({
          ...placeOf(source, 'text'),
          problem: `${variable} is said in ${twin.source.locale} but not here`,
        })),
    );
  });
}
