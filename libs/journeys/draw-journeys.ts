import { RULES } from '#purposes/purposes';
import { formatTiming } from '#tenants/duration';
import type { Journey } from './journey.js';

/** All journeys as a page: what starts each message, when it is due, what calls it off. Made for docs/journeys.md. */
export function drawJourneys(journeys: readonly Journey[]): string {
  return [
    '# Journeys',
    '',
    'Drawn from `libs/journeys/definitions/*.yaml` by `npm run generate:journeys`; a test holds this page to them. The times',
    "shown are the defaults; a tenant's file may name others.",
    '',
    ...journeys.flatMap(section),
  ].join('\n');
}

function section(journey: Journey): string[] {
  const { stream, needs, channels } = RULES[journey.purpose];
  return [
    `## ${journey.journey}`,
    '',
    journey.about,
    '',
    '```mermaid',
    'flowchart LR',
    ...journey.on.map((type, index) => `  on${index}(["${short(type)}"]) --> due`),
    `  due["${when(journey)}"] --> gate{"the gate: ${journey.purpose}"}`,
    `  gate -->|permit| said["${journey.template}"]`,
    '  gate -->|refuse, hold| why["its reason"]',
    ...journey.off.map((type, index) => `  off${index}(["${short(type)}"]) -.->|calls off| due`),
    '```',
    '',
    `- Purpose \`${journey.purpose}\` (${stream}; needs ${needs}), by ${channels.join(', then ')}.`,
    journey.subject === 'cart'
      ? '- At most once per cart and step.'
      : '- Once per generation of the booking; a newer generation calls older, unsent rows off.',
    ...(journey.opening === undefined
      ? []
      : [`- Where the person has heard nothing of the booking yet, \`${journey.opening}\` says it.`]),
    ...(journey.until === 'startsAt' ? ['- Of no use once the visit has begun.'] : []),
    ...(journey.late === 'refuse'
      ? ['- A time that has gone by when it is planned is `refused` as `too-late`.']
      : []),
    ...(journey.hours === 'service'
      ? ["- Keeps to the tenant's service hours: moved earlier, never later."]
      : []),
    '',
  ];
}

function when(journey: Journey): string {
  if (journey.timing === 'now') return 'at once';
  const anchor = { event: 'the event', startsAt: 'the start', endsAt: 'the end' }[journey.anchor];
  return journey.timing.default
    .map((timing) =>
      timing.kind === 'after' ? `${formatTiming(timing)} after ${anchor}` : formatTiming(timing),
    )
    .join(', ');
}

function short(type: string): string {
  return type.replace(/\.v\d+$/, '');
}
