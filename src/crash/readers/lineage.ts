import type { ReadException } from '../exception.ts';

/** An exception, with those that it came from or holds: `__cause__`, `exceptions[0]`, `errors[1]`. */
export interface Raised {
  readonly exception: ReadException;
  readonly isGroup: boolean;
  readonly parts: readonly { readonly source: string; readonly raised: Raised }[];
}

/** More would say nothing more. */
const maxExceptions = 50;

/**
 * As the SDKs of Sentry send them: what was raised first comes first. With links each one says whose cause or member it
 * is; without, each is the cause of the next.
 */
export function exceptionsOf(root: Raised, linked: boolean): [ReadException, ...ReadException[]] {
  const all: ReadException[] = [];
  const visit = (raised: Raised, parent: number | null, source: string | null): void => {
    if (all.length === maxExceptions) return;
    const id = all.length;
    all.push(
      linked ? { ...raised.exception, link: { id, parent, source, isGroup: raised.isGroup } } : raised.exception,
    );
    for (const part of raised.parts) visit(part.raised, id, part.source);
  };
  visit(root, null, null);
  const [first = root.exception, ...rest] = all.toReversed();
  return [first, ...rest];
}
