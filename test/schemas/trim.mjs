// Takes from the published schemas what the deployment's files need: `node test/schemas/trim.mjs <go module cache>`, after
//   go mod download k8s.io/kubernetes@… github.com/kedacore/keda/v2@… github.com/compose-spec/compose-go/v2@…
// Descriptions and unused definitions go. An object that names its fields takes no others from here on: a server would drop an
// unknown field in silence, or refuse it, and either is a fault in a file of ours.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const HERE = dirname(fileURLToPath(import.meta.url));
const VERSIONS = { kubernetes: 'v1.34.4', keda: 'v2.21.0', compose: 'v2.16.2' };
const KINDS = [
  'io.k8s.api.core.v1.Namespace',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.core.v1.Secret',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'io.k8s.api.networking.v1.Ingress',
];

const cache = process.argv[2];
if (cache === undefined) throw new Error('which folder holds the Go modules?');

/** A name of a field of ours may be `description` too: words are dropped from schemas, never from their `properties`. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).flatMap(([word, value]) => {
    if (word === 'description' || word === 'title' || word === 'example' || word.startsWith('x-kubernetes-'))
      return [];
    if (word === 'properties' || word === 'definitions')
      return [[word, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, strict(one)]))]];
    return [[word, strict(value)]];
  });
  const own = Object.fromEntries(kept);
  // A number or a text, says Kubernetes by these two words.
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') {
    delete own.format;
    own.type = ['integer', 'string'];
  }
  if (
    own.properties &&
    own.additionalProperties === undefined &&
    !schema['x-kubernetes-preserve-unknown-fields']
  )
    own.additionalProperties = false;
  return own;
}

function kubernetes() {
  const { definitions } = JSON.parse(
    readFileSync(
      join(cache, `k8s.io/kubernetes@${VERSIONS.kubernetes}/api/openapi-spec/swagger.json`),
      'utf8',
    ),
  );
  const kept = {};
  const take = (name) => {
    if (kept[name]) return;
    kept[name] = strict(definitions[name]);
    for (const [, next] of JSON.stringify(kept[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) take(next);
  };
  KINDS.forEach(take);
  const kinds = KINDS.map((name) => {
    const [{ group, version, kind }] = definitions[name]['x-kubernetes-group-version-kind'];
    Object.assign(kept[name].properties, {
      apiVersion: { const: group === '' ? version : `${group}/${version}` },
      kind: { const: kind },
    });
    kept[name].required = ['apiVersion', 'kind', 'metadata'];
    return [`${group === '' ? version : `${group}/${version}`} ${kind}`, `#/definitions/${name}`];
  });
  return {
    $comment: `Kubernetes ${VERSIONS.kubernetes}, Apache-2.0, trimmed`,
    kinds: Object.fromEntries(kinds),
    definitions: kept,
  };
}

function keda() {
  const crd = parse(
    readFileSync(
      join(cache, `github.com/kedacore/keda/v2@${VERSIONS.keda}/config/crd/bases/keda.sh_scaledobjects.yaml`),
      'utf8',
    ),
  );
  const [{ name, schema }] = crd.spec.versions;
  const own = strict(schema.openAPIV3Schema);
  Object.assign(own.properties, {
    apiVersion: { const: `keda.sh/${name}` },
    kind: { const: 'ScaledObject' },
  });
  // The definition leaves what every object has to the server.
  own.properties.metadata = strict({
    type: 'object',
    properties: {
      name: { type: 'string' },
      namespace: { type: 'string' },
      labels: { type: 'object' },
      annotations: { type: 'object' },
    },
    required: ['name'],
  });
  own.required = ['apiVersion', 'kind', 'metadata', 'spec'];
  return { $comment: `KEDA ${VERSIONS.keda}, Apache-2.0, trimmed`, ...own };
}

const compose = () => ({
  $comment: `The Compose specification, of compose-go ${VERSIONS.compose}, Apache-2.0`,
  ...JSON.parse(
    readFileSync(
      join(cache, `github.com/compose-spec/compose-go/v2@${VERSIONS.compose}/schema/compose-spec.json`),
      'utf8',
    ),
    (word, value) => (word === 'description' && typeof value === 'string' ? undefined : value),
  ),
});

for (const [file, schema] of Object.entries({ kubernetes: kubernetes(), keda: keda(), compose: compose() }))
  writeFileSync(join(HERE, `${file}.json`), `${JSON.stringify(schema, null, 1)}\n`);
