import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { drawMetrics } from '#platform/draw-metrics';
import { METRICS, type MetricSpec } from '#platform/metric-table';
import { Metrics } from '#platform/metrics';
import { rootDir } from '#platform/root';

const read = (file: string): string => readFileSync(join(rootDir(), file), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}

const rules = (
  parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/lagom.json')) as {
  panels: { id: number; title: string; type: string; targets?: { expr: string }[] }[];
  templating: { list: { query: string | { query: string } }[] };
};
const runbook = read('docs/runbook.md');
/** Grafana's own variables, as something that PromQL can be read with. */
const filled = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, 'x');
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr: filled(expr) })),
);
const all = [...rules.map(({ alert, expr }) => ({ title: alert, expr })), ...queries];

/** Series by their names, each with the labels by which it may be asked. */
const series = new Map<string, readonly string[]>();
/** Labels that Prometheus itself adds. */
const OUTER = ['instance', 'le'];

beforeAll(async () => {
  const metrics = new Metrics();
  metrics.observeProcess();
  for (const { name } of await metrics.registry.getMetricsAsJSON()) {
    const spec = (METRICS as Record<string, MetricSpec>)[name];
    const labels = spec?.labels ?? [];
    if (spec?.type === 'histogram')
      for (const end of ['bucket', 'sum', 'count']) series.set(`${name}_${end}`, labels);
    else series.set(name, labels);
  }
  metrics.registry.clear();
});

/** What a query asks for: the names of its series, and of the labels that it looks at or groups by. */
function asked(expr: string): { names: string[]; labels: string[]; wrong: string[] } {
  const found = { names: [] as string[], labels: [] as string[], wrong: [] as string[] };
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      const text = expr.slice(from, to);
      if (type.isError) found.wrong.push(expr.slice(Math.max(0, from - 10), to + 10));
      if (type.name === 'VectorSelector') found.names.push(/^[\w:]*/.exec(text)?.[0] ?? '');
      if (type.name === 'LabelName') found.labels.push(text);
    },
  });
  return found;
}

describe('docs/metrics.md', () => {
  it('says what the code has: npm run generate:metrics', () => {
    expect(read('docs/metrics.md')).toBe(drawMetrics());
  });

  it('and no label is hidden by one of Prometheus’ own', () => {
    for (const [name, { labels }] of Object.entries<MetricSpec>(METRICS))
      expect([name, labels.filter((label) => OUTER.includes(label) || label === 'job')]).toEqual([name, []]);
  });

  it('and nothing is shown that has no entry', async () => {
    const shown = await new Metrics().registry.getMetricsAsJSON();
    expect(shown.map(({ name }) => name)).toEqual(Object.keys(METRICS));
  });
});

describe('the parser', () => {
  it('sees a metric, a label and a slip that are not there', () => {
    expect(asked('sum by (colour) (rate(lagom_no_such_total{shape="x"}[5m])) > 0')).toEqual({
      names: ['lagom_no_such_total'],
      labels: ['colour', 'shape'],
      wrong: [],
    });
    expect(asked('sum(rate(x[5m]) > ').wrong).not.toEqual([]);
  });
});

describe('each query of the alerts and the dashboard', () => {
  it.each(all)('$title: $expr', ({ expr }) => {
    const { names, labels, wrong } = asked(expr);
    expect(wrong).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !series.has(name))).toEqual([]);
    const known = [...OUTER, ...names.flatMap((name) => series.get(name) ?? [])];
    expect(labels.filter((label) => !known.includes(label))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('are named once, say how bad, what, and where to read on', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations, for: wait } of rules) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
      expect([alert, wait]).toEqual([alert, expect.stringMatching(/^\d+[mh]$/)]);
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    }
  });

  it('name in a summary only labels that their query keeps', () => {
    for (const { alert, expr, annotations } of rules) {
      const { labels } = asked(expr);
      const named = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
      expect([alert, named.filter((label) => !labels.includes(label ?? ''))]).toEqual([alert, []]);
    }
  });

  it('have each an entry in the runbook that says all that is asked, and the reverse', () => {
    const [, part = ''] = runbook.split('\n## Alerts\n');
    const entries = part.split('\n## ')[0]!.split('\n### ').slice(1);
    expect(entries.map((entry) => entry.split('\n')[0]).sort()).toEqual(
      rules.map(({ alert }) => alert).sort(),
    );
    for (const entry of entries) {
      for (const word of ['Look first', 'Mend', 'Wake someone', 'Means'])
        expect([entry.split('\n')[0], entry.includes(`**${word}**:`)]).toEqual([entry.split('\n')[0], true]);
    }
  });

  it('the runbook leads nowhere that is not there', () => {
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.filter((link) => !anchors.includes(link ?? ''))).toEqual([]);
    expect(links.length).toBeGreaterThan(5);
  });
});

describe('the dashboard', () => {
  it('shows every metric that an alert looks at, each panel once', () => {
    const shown = new Set(queries.flatMap(({ expr }) => asked(expr).names));
    const looked = rules.flatMap(({ expr }) => asked(expr).names);
    const base = (name: string) => name.replace(/_(bucket|count|sum)$/, '');
    expect(looked.filter((name) => ![...shown].some((one) => base(one) === base(name)))).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
