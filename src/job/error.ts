/** A failure that its user can do something about. The message names the subject; the hint says what to do. */
export class BootyError extends Error {
  override readonly name = 'BootyError';
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { readonly hint: string; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  /** The same, with what it says passed through a function. */
  redacted(redact: (text: string) => string): BootyError {
    return new BootyError(this.code, redact(this.message), { hint: redact(this.hint), cause: this.cause });
  }
}

/** Stable: each has its entry in docs/RUNBOOK.md. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'TELEMETRY_REFUSED'
  | 'SPOOL_MISSING'
  | 'SPOOL_NOT_WRITABLE'
  | 'STATE_NOT_WRITABLE'
  | 'LEDGER_HELD'
  | 'LEDGER_UNUSABLE'
  | 'LEDGER_DAMAGED'
  | 'LEDGER_NEWER'
  | 'LEDGER_MISSING'
  | 'JOB_UNKNOWN'
  | 'EVENT_UNKNOWN'
  | 'JOB_REFUSED'
  | 'TEMPLATE_UNKNOWN'
  | 'NO_SUPERVISOR'
  | 'CONTROL_UNAVAILABLE'
  | 'CONTROL_REFUSED'
  | 'NOT_PERMITTED'
  | 'RELEASE_REFUSED'
  | 'SCHEDULE_REFUSED'
  | 'SCHEDULE_UNKNOWN'
  | 'SYSTEMD_MISSING'
  | 'SYSTEMD_FAILED'
  | 'SENTRY_UNREACHABLE'
  | 'OUTPUT_FAILED'
  | 'USAGE';
