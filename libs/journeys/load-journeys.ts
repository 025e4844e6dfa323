import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { EventType } from '#events/event';
import { BootRefusal, type BootFault } from '#platform/boot-refusal';
import { rootDir } from '#platform/root';
import type { Tenant } from '#tenants/tenant';
import { journeySchema, timingsOf, type Journey } from './journey.js';

/** The journeys, checked, by the events that start them and call them off. */
export class Journeys {
  constructor(readonly all: readonly Journey[]) {}

  startedBy(type: EventType): readonly Journey[] {
    return this.all.filter((journey) => journey.on.includes(type));
  }

  /** What a journey has to say with a tenant; null where none has that name. */
  scriptOf(name: string, tenant: Tenant): { steps: number; opening: string | null } | null {
    const journey = this.all.find((one) => one.journey === name);
    if (journey === undefined) return null;
    const timings = timingsOf(journey, tenant);
    return { steps: timings === 'now' ? 1 : timings.length, opening: journey.opening ?? null };
  }

  calledOffBy(type: EventType): readonly Journey[] {
    return this.all.filter((journey) => journey.off.includes(type));
  }
}

/** A tenant's file may name timings of journeys that exist, under the key that they read; anything else refuses the boot. */
export function refuseUnknownTimings(journeys: Journeys, tenants: readonly Tenant[]): void {
  const keys = new Map(
    journeys.all.map(({ journey, timing }) => [journey, timing === 'now' ? [] : [timing.key]] as const),
  );
  const faults = tenants.flatMap((tenant) =>
    Object.entries(tenant.journeys).flatMap(([journey, timings]) =>
      Object.keys(timings).flatMap((key): BootFault[] => {
        const known = keys.get(journey);
        if (known?.includes(key) === true) return [];
        const timed = [...keys].flatMap(([name, [one]]) => (one === undefined ? [] : [`${name}.${one}`]));
        return [
          {
            file: `the file of ${tenant.id}`,
            path: `journeys.${journey}.${key}`,
            problem: 'no journey reads these timings',
            example: `one of ${timed.join(', ')}`,
          },
        ];
      }),
    ),
  );
  if (faults.length > 0) throw new BootRefusal('Lagom does not start', faults);
}

/** The default folder of definitions. */
export function definitionsDir(): string {
  return join(rootDir(), 'libs/journeys/definitions');
}

/**
 * Reads every `*.yaml` of the folder. All faults at once, each with file, line and path; `hasTemplate` says whether a
 * template of that name exists.
 */
export function loadJourneys(dir: string, hasTemplate: (name: string) => boolean): Journeys {
  const faults: BootFault[] = [];
  const journeys: Journey[] = [];
  for (const name of readdirSync(dir)
    .filter((file) => file.endsWith('.yaml'))
    .sort()) {
    const file = relative(rootDir(), join(dir, name));
    const counter = new LineCounter();
    const document = parseDocument(readFileSync(join(dir, name), 'utf8'), { lineCounter: counter });
    const lineOf = (path: readonly PropertyKey[]): number => {
      for (let depth = path.length; depth >= 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined;
        if (node?.range) return counter.linePos(node.range[0]).line;
      }
      return 1;
    };
    for (const error of document.errors) {
      faults.push({
        file,
        line: error.linePos?.[0].line ?? 1,
        path: '',
        problem: error.message.split('\n')[0] ?? '',
      });
    }
    if (document.errors.length > 0) continue;
    const read = journeySchema.safeParse(document.toJS());
    if (!read.success) {
      for (const issue of read.error.issues) {
        const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
        for (const key of unknown) {
          const at = [...issue.path, key];
          faults.push({ file, line: lineOf(at), path: at.join('.'), problem: 'no member of a journey' });
        }
        if (unknown.length > 0) continue;
        faults.push({ file, line: lineOf(issue.path), path: issue.path.join('.'), problem: issue.message });
      }
      continue;
    }
    const journey = read.data;
    const fault = (path: string, problem: string): void => {
      faults.push({ file, line: lineOf([path]), path, problem });
    };
    if (`${journey.journey}.yaml` !== name)
      fault('journey', `expected the file's own name, got ${journey.journey}`);
    for (const member of ['template', 'opening'] as const) {
      const template = journey[member];
      if (template !== undefined && !hasTemplate(template))
        fault(member, `no template is called ${template}`);
    }
    if (journey.timing === 'now' && journey.anchor !== 'event')
      fault('anchor', 'a step that is due now has no anchor');
    journeys.push(journey);
  }
  if (faults.length > 0) throw new BootRefusal('Lagom does not start', faults);
  return new Journeys(journeys);
}
