import { BootyError } from '../job/error.ts';

/** The disk or the machine refused what the ledger asked for. Nothing was changed; the same may work later. */
export class LedgerRefusal extends Error {
  override readonly name = 'LedgerRefusal';
  readonly code = 'LEDGER_REFUSES';
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL. */
const refusing = new Set([5, 6, 7, 8, 10, 13, 14, 15]);

const resultCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null;

/** Whether the file, the disk or the machine is at fault, and not the statement. */
export const isOfTheDisk = (error: unknown): boolean => {
  const code = resultCode(error);
  return code !== null && (refusing.has(code) || isDamage(error));
};

/** Whether it may work when it is tried again: NOMEM, IOERR, FULL. */
export const mayPass = (error: unknown): boolean => [7, 10, 13].includes(resultCode(error) ?? 0);

export const isReadOnly = (error: unknown): boolean => resultCode(error) === 8;

/** Whether SQLite found the file damaged. */
export const isDamage = (error: unknown): boolean => {
  const code = resultCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
};

/** An error of SQLite as callers shall meet it: a refusal that may pass, damage that does not, or itself. */
export function translate(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !isOfTheDisk(error)) return error;
  if (isDamage(error)) return damaged(path, error.message, error);
  const extended = Number((error as Error & { readonly errcode?: number }).errcode);
  return new LedgerRefusal(`${error.message} (SQLite ${extended})`, { cause: error });
}

/** Reads outside a transaction. @throws LedgerRefusal, BootyError LEDGER_DAMAGED */
export function readFrom<Result>(path: string, look: () => Result): Result {
  try {
    return look();
  } catch (error) {
    throw translate(error, path);
  }
}

/** The ledger is left as it is: whoever mends it needs every byte. */
export const damaged = (path: string, finding: string, cause?: unknown): BootyError =>
  new BootyError('LEDGER_DAMAGED', `the ledger ${path} is damaged: ${finding}`, {
    hint: `nothing was changed; keep a copy of it with its -wal file, then: sqlite3 ${path} .recover | sqlite3 new.db (see the runbook)`,
    cause,
  });
