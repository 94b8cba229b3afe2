import type { Node } from './convert.ts';

/** What the keys mean, by their path: `crash.fingerprint`; `*` stands for whatever name a mapping has. */
export type Descriptions = Readonly<Record<string, string>>;

export interface Described {
  readonly node: Node;
  /** Paths of keys that nothing is said of. */
  readonly missing: readonly string[];
  /** Paths of what is said of no key. */
  readonly unused: readonly string[];
}

/** A schema with a description at every key. A key of a step or a verifier is described as that of the job. */
export function describe(schema: Node, descriptions: Descriptions): Described {
  const used = new Set<string>();
  const missing = new Set<string>();
  const find = (path: string): string | undefined => {
    const known = [path, path.replace(/^(?:steps|verify)\./, '')].find((one) => Object.hasOwn(descriptions, one));
    if (known === undefined) missing.add(path);
    else used.add(known);
    return known === undefined ? undefined : descriptions[known];
  };
  const below = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}.${key}`);
  const walk = (node: Node, path: string): Node =>
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        if (key === 'properties')
          return [
            key,
            Object.fromEntries(
              Object.entries(value as Record<string, Node>).map(([name, child]) => {
                const at = below(path, name);
                return [name, { description: find(at), ...walk(child, at) }];
              }),
            ),
          ];
        if (key === 'additionalProperties' && typeof value === 'object')
          return [key, walk(value as Node, below(path, '*'))];
        if (key === 'items') return [key, walk(value as Node, path)];
        if ((key === 'anyOf' || key === 'oneOf') && Array.isArray(value))
          return [key, value.map((option: Node) => walk(option, path))];
        return [key, value];
      }),
    );
  const node = walk(schema, '');
  return { node, missing: [...missing], unused: Object.keys(descriptions).filter((key) => !used.has(key)) };
}
