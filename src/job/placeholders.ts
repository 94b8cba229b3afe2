import type { KeyPath } from './document.ts';
import type { Value, Values } from './template.ts';

/*
 * `${{ with.NAME }}`: where it stands, the value of a parameter goes. Only into what reaches programs as it is: arguments
 * and environment; and into names. Never into what a shell reads.
 */

const placeholder = /\$\{\{\s*with\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** A placeholder, or what looks like one and is none. */
export interface Placed {
  readonly path: KeyPath;
  /** Null: it is none that we know. */
  readonly parameter: string | null;
  /** In the name of a key. */
  readonly inKey: boolean;
}

/** A file that refers to itself has no end. */
const maxDepth = 50;

/** All placeholders in a template's job. Null where it is nested too deeply. */
export function findPlaceholders(data: unknown, path: KeyPath = []): Placed[] | null {
  if (path.length > maxDepth) return null;
  if (typeof data === 'string') return placedIn(data, path, false);
  if (typeof data !== 'object' || data === null) return [];
  const found: Placed[] = [];
  for (const [key, value] of Object.entries(data)) {
    const at = [...path, Array.isArray(data) ? Number(key) : key];
    if (!Array.isArray(data)) found.push(...placedIn(key, at, true));
    const inside = findPlaceholders(value, at);
    if (inside === null) return null;
    found.push(...inside);
  }
  return found;
}

function placedIn(text: string, path: KeyPath, inKey: boolean): Placed[] {
  const found: Placed[] = Array.from(text.matchAll(placeholder), ([, parameter]) => ({
    path,
    parameter: parameter ?? null,
    inKey,
  }));
  return text.replace(placeholder, '').includes('${{') ? [...found, { path, parameter: null, inKey }] : found;
}

/** The same data with the values in place of the placeholders. What a value says is not looked at again. */
export function fillIn(data: unknown, valueOf: (parameter: string) => Value): unknown {
  if (typeof data === 'string') return data.replace(placeholder, (_all, name: string) => String(valueOf(name)));
  if (Array.isArray(data)) return data.map((item) => fillIn(item, valueOf));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fillIn(value, valueOf)]));
}

/** The job with the values of one use. */
export function fillInJob(job: Readonly<Record<string, unknown>>, values: Values): Record<string, unknown> {
  const filled = fillIn(job, (name) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`a template has a placeholder for ${name}, which has no value`);
    return value;
  });
  return withInputs(filled as Record<string, unknown>, Object.fromEntries(values));
}

/** Modules get the parameters in their `with`. */
export function withInputs(
  job: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, Value>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(withInput(job, values)).map(([key, value]) =>
      key === 'steps' || key === 'verify' ? [key, withInputOfEach(value, values)] : [key, value],
    ),
  );
}

const withInputOfEach = (value: unknown, values: Readonly<Record<string, Value>>): unknown =>
  Array.isArray(value) ? value.map((item) => withInput(item, values)) : withInput(value, values);

function withInput<Part>(part: Part, values: Readonly<Record<string, Value>>): Part {
  if (typeof part !== 'object' || part === null || !Object.hasOwn(part, 'module')) return part;
  const own: unknown = 'with' in part ? part.with : undefined;
  return { ...part, with: { ...(typeof own === 'object' && own !== null ? own : {}), ...values } };
}
