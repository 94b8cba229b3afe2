import type { SchemaName } from '../../src/cli/schema.ts';
import { configFileSchema } from '../../src/config/config.ts';
import { useSchema } from '../../src/job/parse-use.ts';
import { jobFileSchema } from '../../src/job/schema.ts';
import { templateFileSchema } from '../../src/job/template-schema.ts';
import { configKeys } from './config-keys.ts';
import { convert, type Node } from './convert.ts';
import { type Descriptions, describe } from './describe.ts';
import { jobKeys, templateKeys, useKeys } from './job-keys.ts';

export const schemaNames: readonly SchemaName[] = ['job', 'template', 'config'];

/** The JSON Schema of one kind of file, for editors: made of the schemas that Booty itself reads it with. */
export function generate(name: SchemaName): Node {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:booty:schema:${name}:1`,
    ...made[name](),
  };
}

const made: Readonly<Record<SchemaName, () => Node>> = {
  job: () => ({
    title: 'A job file of Booty',
    // Told apart first: what is wrong with one of them is then told of that one alone.
    if: { type: 'object', required: ['uses'] },
    // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema; nobody awaits it
    then: { $ref: '#/$defs/use' },
    else: { $ref: '#/$defs/job' },
    $defs: { job: jobNode(), use: useNode() },
  }),
  template: () => {
    const node = described(convert(templateFileSchema), templateKeys);
    const properties = node.properties as Record<string, Node>;
    const job = withPlaceholders(jobNode()) as Node;
    return {
      title: 'A template of Booty',
      ...node,
      properties: { ...properties, job: { ...job, description: properties.job?.description } },
    };
  },
  config: () => ({
    title: 'booty.yaml',
    ...described(convert(configFileSchema), configKeys),
    type: ['object', 'null'],
  }),
};

const jobNode = (): Node => described(convert(jobFileSchema), jobKeys);

/** A file with `uses` has some keys of a job, and they mean the same there. */
function useNode(): Node {
  const node = convert(useSchema);
  const job = jobNode().properties as Record<string, Node>;
  const own = node.properties as Record<string, Node>;
  const shared = Object.entries(own).map(([key, value]) => [key, key in useKeys ? value : job[key]]);
  return describe({ ...node, properties: Object.fromEntries(shared) as Node }, useKeys).node;
}

/** In a template a placeholder may stand where a text has to look like something. */
function withPlaceholders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlaceholders);
  if (typeof value !== 'object' || value === null) return value;
  const node = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withPlaceholders(part)]));
  return typeof node.pattern === 'string' ? { ...node, pattern: `${node.pattern}|\\$\\{\\{` } : node;
}

/** @throws Error where a key has no description, or a description no key */
function described(schema: Node, descriptions: Descriptions): Node {
  const { node, missing, unused } = describe(schema, descriptions);
  if (missing.length > 0) throw new Error(`keys without a description: ${missing.join(', ')}`);
  if (unused.length > 0) throw new Error(`descriptions without a key: ${unused.join(', ')}`);
  return node;
}
