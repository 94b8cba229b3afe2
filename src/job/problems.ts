import leven from 'leven';
import type { z } from 'zod';
import type { KeyPath, TextDocument } from './document.ts';
import type { Refusal } from './refusal.ts';

/** What is told in place of `correct the value` where a value is understood, and refused for a reason of its own. */
type OwnRefusal = Pick<Refusal, 'code' | 'hint'>;

/** For the `params` of a refinement. */
export const ownRefusal = (refusal: OwnRefusal): { readonly refusal: OwnRefusal } => ({ refusal });

/** Who has more to mend than this begins with these. */
const maxProblems = 10;

/** What a schema found wrong with a document, each with its line, its key, what was expected and the nearest known key. */
export function problemsOf(
  error: z.ZodError,
  document: TextDocument,
  knownKeys: (path: KeyPath) => readonly string[],
): Refusal[] {
  // A slip in a key is told before what is missing because of it.
  const issues = error.issues.toSorted((a, b) => Number(isSlip(b)) - Number(isSlip(a)));
  const problems = issues.slice(0, maxProblems).flatMap((issue) => {
    const path = asWritten(
      issue.path.filter((part) => typeof part !== 'symbol'),
      document.data,
    );
    if (issue.code === 'unrecognized_keys')
      return issue.keys.slice(0, maxProblems).map((key) => unknownKey(path, key, document, knownKeys(path)));
    // What is wrong with a key of a mapping stands within the issue of the mapping.
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    const position = document.locate(path) ?? document.locate(path.slice(0, -1));
    const missing = issue.code === 'invalid_type' && valueAt(document.data, path) === undefined;
    return [
      {
        code: missing ? ('MISSING_KEY' as const) : ('INVALID_VALUE' as const),
        message: missing ? `${writePath(path)} is missing` : `${writePath(path)}: ${lowerFirst(message)}`,
        hint: missing ? 'add it' : 'correct the value',
        ...ownOf(issue),
        ...position,
        ...(path.length > 0 ? { key: writePath(path) } : {}),
      },
    ];
  });
  return problems.toSorted(
    (a, b) =>
      Number(b.code === 'UNKNOWN_KEY') - Number(a.code === 'UNKNOWN_KEY') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

const ownOf = (issue: z.core.$ZodIssue): OwnRefusal | undefined =>
  issue.code === 'custom' ? (issue.params as Partial<ReturnType<typeof ownRefusal>> | undefined)?.refusal : undefined;

const isSlip = ({ code }: z.core.$ZodIssue): boolean => code === 'unrecognized_keys';

function unknownKey(path: KeyPath, key: string, document: TextDocument, known: readonly string[]): Refusal {
  const nearest = nearestOf(key, known);
  const where = path.length > 0 ? ` in ${writePath(path)}` : '';
  return {
    code: 'UNKNOWN_KEY',
    message: `unknown key ${JSON.stringify(key.slice(0, 80))}${where}`,
    hint: nearest ? `did you mean ${JSON.stringify(nearest)}?` : `known keys: ${known.join(', ')}`,
    ...document.locate(path, key),
    key: writePath([...path, key.slice(0, 80)]),
  };
}

/** The known word that is a few slips of the finger away, if there is one. */
export function nearestOf(word: string, known: readonly string[]): string | null {
  if (word.length > 40) return null;
  const ranked = known
    .map((name) => ({ name, distance: slips(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.ceil(best.name.length / 3)) ? best.name : null;
}

/** Letters in another order are one slip. */
const slips = (a: string, b: string): number => (sorted(a) === sorted(b) ? Math.min(1, leven(a, b)) : leven(a, b));
const sorted = (text: string): string => Array.from(text).sort().join('');

/** `steps[0].timeout`; the whole document where the path is empty. */
export const writePath = (path: KeyPath): string =>
  path.length === 0
    ? 'the document'
    : path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

/** Where a list may also be its one entry, the path of a problem has an index that the document does not have. */
export function asWritten(path: KeyPath, data: unknown): KeyPath {
  const [first, ...rest] = path;
  if (first === undefined) return [];
  const isListed = typeof first !== 'number' || Array.isArray(data);
  return isListed ? [first, ...asWritten(rest, valueAt(data, [first]))] : asWritten(rest, data);
}

const valueAt = (data: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined,
    data,
  );

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
