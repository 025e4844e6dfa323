import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { PURPOSES } from '#purposes/purpose';
import type { RenderInput } from './rendered.js';
import { VARIABLES, type VariableName } from './template-variables.js';
import type { Fault } from './template-fault.js';

const variable = z.enum(Object.keys(VARIABLES) as [VariableName, ...VariableName[]]);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const booking = z.strictObject({
  id: z.string(),
  service: z.string(),
  startsAt: instant.nullable(),
  endsAt: instant.nullable(),
  timeZone: z.string().nullable(),
  location: z.string().nullable(),
  practitioner: z.string().nullable(),
  price: z.strictObject({ amount: z.string(), currency: z.string() }).nullable(),
  url: z.string().nullable(),
  previousStartsAt: instant.nullable(),
  sequence: z.number(),
  status: z.string(),
  cancelReason: z.string().nullable(),
});

const links = z.strictObject({
  unsubscribe: z.string().optional(),
  survey: z.string().optional(),
  optOut: z.string().optional(),
  preferences: z.string().optional(),
  confirm: z.string().optional(),
  privacy: z.string().optional(),
  me: z.string().optional(),
  newEmail: z.string().optional(),
});

const sample = z.strictObject({
  tenant: z.strictObject({
    id: z.string(),
    name: z.string(),
    legalName: z.string(),
    email: z.string(),
    phone: z.string(),
    addressLines: z.array(z.string()),
    country: z.string().length(2),
    host: z.string(),
    locales: z.array(z.string()),
    timeZone: z.string(),
    colour: z.string(),
    showServiceNames: z.boolean(),
  }),
  person: z.strictObject({
    name: z.string().nullable(),
    timeZone: z.string().nullable(),
    email: z.string().nullable(),
  }),
  booking,
  links,
  now: instant,
});

const template = z.strictObject({
  purpose: z.enum(PURPOSES),
  /** The method of the invitation that its mail carries. */
  calendar: z.enum(['REQUEST', 'CANCEL']).optional(),
  /** It answers a text, so its own can be answered: it may name a word that providers act on. */
  answers: z.boolean().default(false),
  /** What its texts may say, beside what all may say. */
  variables: z.array(variable),
  /** How its sample differs from the locale's. */
  sample: z.strictObject({ booking: booking.partial() }).optional(),
});

const manifest = z.strictObject({
  locales: z.array(z.string().regex(/^[a-z]{2,3}$/)).min(1),
  shared: z.array(variable),
  templates: z.record(z.string().regex(/^[a-z0-9-]+$/), template),
  samples: z.record(z.string(), sample),
});

export type TemplateDeclaration = z.infer<typeof template>;

/** `templates.yaml`, checked: which templates there are, why each is sent, and what it may say. */
export interface Manifest extends z.infer<typeof manifest> {
  /** The line on which a template is declared. */
  lineOf(template: string): number;
}

/** Reads `templates.yaml`; undefined, with its faults noted, where it is wrong. */
export function readManifest(text: string, file: string, faults: Fault[]): Manifest | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const error of document.errors) {
    faults.push({
      file,
      line: lines.linePos(error.pos[0]).line,
      problem: error.message.split('\n')[0] ?? '',
    });
  }
  if (document.errors.length > 0) return undefined;

  const lineAt = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as
        { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const read = manifest.safeParse(document.toJS());
  if (!read.success) {
    for (const { path, message } of read.error.issues) {
      faults.push({ file, line: lineAt(path), problem: `${path.join('.')}: ${message}` });
    }
    return undefined;
  }
  for (const locale of read.data.locales) {
    if (!read.data.samples[locale])
      faults.push({ file, line: lineAt(['samples']), problem: `no sample for ${locale}` });
  }
  // A map's own range begins at its first key, one line below the name that is looked for.
  return { ...read.data, lineOf: (name) => Math.max(1, lineAt(['templates', name]) - 1) };
}

/** What a template is tried with: the sample of a locale, changed as the template says. */
export function sampleInput(
  { samples, templates }: Manifest,
  template: string,
  channel: 'email' | 'sms',
  locale: string,
): RenderInput | undefined {
  const base = samples[locale];
  const own = templates[template]?.sample;
  if (!base) return undefined;
  return {
    ...base,
    template,
    channel,
    locale,
    booking: { ...base.booking, ...own?.booking },
  };
}
