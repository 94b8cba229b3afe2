import { z } from 'zod';

/** A part of a JSON Schema. */
export type Node = Record<string, unknown>;

type ZodSchema = z.core.$ZodTypes;

/** Of these exactly one must be there, wherever a mapping has all of a line. */
const choices = [
  ['steps', 'run', 'command', 'script', 'module'],
  ['run', 'command', 'script', 'module'],
  ['webhook', 'command', 'github'],
];

/** The JSON Schema of what a schema of zod takes: short forms included, and of its refinements what their `meta` says. */
export function convert(schema: z.ZodType): Node {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => refine(zodSchema, jsonSchema as Node),
  });
  const { $schema: _, ...node } = made as Node;
  return node;
}

function refine(schema: ZodSchema, node: Node): void {
  // The bounds of every integer of JavaScript say nothing.
  for (const key of ['minimum', 'maximum'])
    if (Math.abs(Number(node[key])) === Number.MAX_SAFE_INTEGER) delete node[key];
  const { def } = schema._zod;
  if (def.type === 'union') takeNumbersAsText(node);
  if (def.type === 'object') demandCombinations(node);
  if (def.type === 'pipe' && def.in._zod.def.type === 'transform') takeShortForms(def.in as z.core.$ZodTransform, node);
}

/** Where text may be a number, Booty keeps it as it is written: to an editor `1.10` is a number all the same. */
function takeNumbersAsText(node: Node): void {
  const options = (node.anyOf ?? []) as Node[];
  if (!options.some(({ type }) => type === 'string')) return;
  node.anyOf = options.map((option) => (option.type === 'integer' ? { type: 'number' } : option));
}

function demandCombinations(node: Node): void {
  const keys = Object.keys(node.properties ?? {});
  const one = choices.find((choice) => choice.every((key) => keys.includes(key)));
  if (one) node.oneOf = one.map((key) => ({ required: [key] }));
  if (keys.includes('module'))
    node.dependentRequired = Object.fromEntries(['export', 'with'].map((key) => [key, ['module']]));
  if (keys.includes('every') && keys.includes('schedule')) node.not = { required: ['schedule', 'every'] };
  if (keys.includes('verify')) node.not = { required: ['kind', 'verify'], properties: { kind: { const: 'verifier' } } };
}

/**
 * A short form stands for a mapping with one key, or for a list of one. Which there are is asked of the function that
 * writes them out.
 */
function takeShortForms({ _zod }: z.core.$ZodTransform, node: Node): void {
  const long = { ...node };
  const short = ['allow', 'x', 1, {}].flatMap((probe) => {
    const written: unknown = _zod.def.transform(probe, { value: probe, issues: [] });
    if (Array.isArray(written) && written[0] === probe) return [long.items];
    const [key] = typeof written === 'object' && written !== null && written !== probe ? Object.keys(written) : [];
    return key === undefined ? [] : [((long.properties ?? {}) as Record<string, Node>)[key] ?? {}];
  });
  if (short.length === 0) return;
  for (const key of Object.keys(node)) delete node[key];
  node.anyOf = [...new Set(short), long];
}
