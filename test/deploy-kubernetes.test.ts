import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { PROVIDER_TIMEOUT_MS } from '#channels/sender';
import { PERMIT_MS } from '#consent/may-send';
import { DRAIN_MS } from '#platform/boot';
import { readConfig, type AppName } from '#platform/config';
import { rootDir } from '#platform/root';
import { DUE_CLASSES } from '#purposes/stream';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manifest is what its schema says
type Manifest = any;

const FOLDER = join(rootDir(), 'deploy', 'kubernetes');
const PROCESSES = ['console', 'dispatcher', 'ingest', 'public', 'scheduler'];
const textOf = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const schemaOf = (name: string) => JSON.parse(textOf(rootDir(), 'test', 'schemas', `${name}.json`));

const kustomization = parse(textOf(FOLDER, 'kustomization.yaml')) as { resources: string[] };
const files = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');
const manifests: [string, Manifest][] = files.flatMap((name) =>
  parseAllDocuments(textOf(FOLDER, name)).map((document): [string, Manifest] => {
    const manifest: Manifest = document.toJS();
    return [`${name}: ${manifest.kind} ${manifest.metadata.name}`, manifest];
  }),
);
const ofKind = (kind: string): Manifest[] =>
  manifests.map(([, one]) => one).filter((one) => one.kind === kind);
const one = (kind: string, name: string): Manifest =>
  ofKind(kind).find(({ metadata }) => metadata.name === name);

const kubernetes = schemaOf('kubernetes') as { kinds: Record<string, string>; definitions: object };
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(kubernetes, 'kubernetes');
ajv.addSchema(schemaOf('keda'), 'keda');

/** What the published schema of its kind says against a manifest: path and fault. */
function faultsOf(manifest: Manifest): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  const own = kind === 'keda.sh/v1alpha1 ScaledObject' ? 'keda' : `kubernetes${kubernetes.kinds[kind]}`;
  const check = ajv.getSchema(own);
  if (!check) return [`no schema of ${kind}`];
  void check(manifest);
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath} ${message}${params['additionalProperty'] ? ` (${params['additionalProperty']})` : ''}`,
  );
}

describe('the manifests', () => {
  it.each(manifests)('%s is what its schema takes', (_, manifest) => {
    expect(faultsOf(manifest)).toEqual([]);
  });

  it.each<[string, string, (deployment: Manifest) => void, string]>([
    [
      'a field on no level',
      'Deployment',
      (d) => (d.spec.replica = 2),
      '/spec must NOT have additional properties (replica)',
    ],
    [
      'a probe without its indent',
      'Deployment',
      (d) => (d.spec.template.spec.readinessProbe = {}),
      '/spec/template/spec must NOT have additional properties (readinessProbe)',
    ],
    [
      'a number as text',
      'Deployment',
      (d) => (d.spec.template.spec.terminationGracePeriodSeconds = '60'),
      '/spec/template/spec/terminationGracePeriodSeconds must be integer',
    ],
    [
      'no selector',
      'Deployment',
      (d) => delete d.spec.selector,
      "/spec must have required property 'selector'",
    ],
    [
      'another version',
      'Deployment',
      (d) => (d.apiVersion = 'apps/v1beta1'),
      'no schema of apps/v1beta1 Deployment',
    ],
    [
      'a misspelt bound',
      'ScaledObject',
      (d) => (d.spec.maxReplicas = 3),
      '/spec must NOT have additional properties (maxReplicas)',
    ],
    [
      'a number in a trigger',
      'ScaledObject',
      (d) => (d.spec.triggers[0].metadata.lagThreshold = 5),
      '/spec/triggers/0/metadata/lagThreshold must be string',
    ],
    [
      'a target of no kind',
      'HorizontalPodAutoscaler',
      (d) => delete d.spec.scaleTargetRef.kind,
      "/spec/scaleTargetRef must have required property 'kind'",
    ],
  ])('are refused with %s', (_, kind, spoil, fault) => {
    const manifest = structuredClone(ofKind(kind)[0]);
    spoil(manifest);
    expect(faultsOf(manifest)).toEqual([fault]);
  });

  it('are all named in the kustomization, but for what one chooses or fills in oneself', () => {
    const chosen = [
      'autoscale-hpa.yaml',
      'autoscale-keda.yaml',
      'public-ingress.example.yaml',
      'secret.example.yaml',
    ];
    expect([...kustomization.resources, ...chosen].sort()).toEqual([...files].sort());
  });

  it('hold no secret', () => {
    const { stringData } = one('Secret', 'lagom');
    for (const value of Object.values<string>(stringData)) expect(value).toMatch(/<[^>]+>/);
    expect(Object.keys(one('ConfigMap', 'lagom').data).filter((name) => name in stringData)).toEqual([]);
  });
});

describe.each(PROCESSES)('%s on Kubernetes', (name) => {
  const { spec } = one('Deployment', `lagom-${name}`);
  const pod = spec.template.spec;
  const [container] = pod.containers;

  it('runs a program that is built, with a configuration that it starts with', () => {
    expect(container.command.at(-1)).toBe(`dist/apps/${name}/main.js`);
    expect(existsSync(join(rootDir(), 'apps', name, 'main.ts'))).toBe(true);
    const { data } = one('ConfigMap', 'lagom');
    const secrets = Object.entries<string>(one('Secret', 'lagom').stringData).map(([key, value]) => [
      key,
      value.replaceAll(/<[^>]+>/g, 'a-value-that-was-filled-in'),
    ]);
    const config = readConfig({ ...data, ...Object.fromEntries(secrets) }, name as AppName);
    expect(config).toMatchObject({ send: { mode: 'capture' }, kafka: { groupPrefix: 'lagom' } });
    expect(container.ports).toEqual([{ name: 'http', containerPort: config.port }]);
    expect(pod.volumes[0].configMap.name).toBe('lagom-tenants');
    expect(container.volumeMounts[0].mountPath).toBe(config.tenantsDir);
  });

  it('is asked whether it lives and whether it is ready, each where it answers that', () => {
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
  });

  it('gets the time that it may need to drain', () => {
    const waits = container.lifecycle?.preStop.sleep.seconds ?? 0;
    expect(DRAIN_MS).toBeGreaterThan(PERMIT_MS + PROVIDER_TIMEOUT_MS);
    expect((pod.terminationGracePeriodSeconds - waits) * 1_000).toBeGreaterThan(DRAIN_MS);
  });

  it('may do nothing but its work', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources).toMatchObject({
      requests: { cpu: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  });

  it('is found by its service, its disruption budget and its spread', () => {
    const labels = spec.template.metadata.labels;
    expect(spec.selector.matchLabels).toEqual(labels);
    expect(one('Service', `lagom-${name}`).spec.selector).toEqual(labels);
    const budget = one('PodDisruptionBudget', `lagom-${name}`).spec;
    expect(budget).toMatchObject({ maxUnavailable: 1, selector: { matchLabels: labels } });
    for (const { labelSelector } of pod.topologySpreadConstraints)
      expect(labelSelector.matchLabels).toEqual(labels);
    // One that is alone goes with its node; the dispatchers' number is the autoscaler's.
    expect(spec.replicas).toBe(name === 'dispatcher' ? undefined : 2);
  });
});

describe('the dispatchers’ autoscaler', () => {
  const due = DUE_CLASSES.map((dueClass) => `messages.due.${dueClass}`).sort();
  // Read as text: the module would bring the whole house along.
  const topics = textOf(rootDir(), 'apps', 'platform.module.ts');
  const partitions = Math.min(
    ...[...topics.matchAll(/'messages\.due\.\w+', partitions: (\d+)/g)].map(([, count]) => Number(count)),
  );
  const { data } = one('ConfigMap', 'lagom');

  it('of KEDA looks at every topic that they hear, in their group', () => {
    const { spec } = one('ScaledObject', 'lagom-dispatcher');
    const told = spec.triggers.map(({ metadata }: Manifest) => metadata);
    expect(told.map(({ topic }: Manifest) => topic).sort()).toEqual(due);
    for (const { consumerGroup, bootstrapServers } of told) {
      expect(consumerGroup).toBe(`${data.KAFKA_GROUP_PREFIX}-dispatcher`);
      expect(bootstrapServers).toBe(data.KAFKA_BROKERS);
    }
    expect(spec).toMatchObject({ minReplicaCount: 2, maxReplicaCount: partitions });
    expect(one('Deployment', spec.scaleTargetRef.name)).toBeDefined();
  });

  it('without KEDA looks at the same by a metric that is there', () => {
    const { spec } = one('HorizontalPodAutoscaler', 'lagom-dispatcher');
    const metrics = spec.metrics.map(({ external }: Manifest) => external.metric);
    expect(metrics.map(({ selector }: Manifest) => selector.matchLabels.topic).sort()).toEqual(due);
    const shown = readdirSync(join(rootDir(), 'libs', 'platform'))
      .filter((name) => /^metric[\w-]*\.ts$/.test(name))
      .map((name) => textOf(rootDir(), 'libs', 'platform', name));
    for (const { name } of metrics) expect(shown.join()).toMatch(new RegExp(`\\b${name}\\b`));
    expect(spec).toMatchObject({ minReplicas: 2, maxReplicas: partitions });
    expect(one('Deployment', spec.scaleTargetRef.name)).toBeDefined();
  });
});
