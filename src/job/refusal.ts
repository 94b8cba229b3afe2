/** Why a dropped file was not accepted: what `rejected/NAME.reason.json` holds. */
export interface Refusal {
  readonly code: RefusalCode;
  /** What is wrong, and what was expected. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The key concerned, as a path: `steps[0].timeout`. */
  readonly key?: string;
}

export type RefusalCode =
  | 'EMPTY'
  | 'TOO_LARGE'
  | 'NOT_UTF8'
  | 'SYNTAX'
  | 'SEVERAL_DOCUMENTS'
  | 'ALIASES'
  | 'UNKNOWN_KEY'
  | 'MISSING_KEY'
  | 'INVALID_VALUE'
  | 'DUPLICATE_ID'
  | 'NEEDS_CIRCLE'
  | 'FILE_NAME'
  | 'FILE_TYPE'
  | 'UNREADABLE'
  | 'POISONOUS'
  | 'TEMPLATE_UNKNOWN'
  | 'TEMPLATE_BROKEN'
  | 'SECRET_UNKNOWN'
  /** Nothing enforces its limits here, and booty.yaml says that such jobs are not run. */
  | 'LIMITS_UNENFORCED'
  /** It wants to run as a unit of its own. */
  | 'ISOLATION_UNAVAILABLE'
  /** The policy of booty.yaml does not let the owner of the file do that. */
  | 'POLICY';

export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

export const accepted = <Value>(value: Value): Parsed<Value> => ({ ok: true, value });
export const refused = (refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal,
});
