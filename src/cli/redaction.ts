import type { EnvFileRead } from '../config/env-file.ts';
import type { Telemetry } from '../config/telemetry.ts';
import { Redactor } from '../redact/redactor.ts';
import { minSecretLength, secretsOf } from '../redact/secrets.ts';

export interface Redaction {
  readonly redactor: Redactor;
  /** What it cannot keep back, one line each, with the names of the variables. */
  readonly unredacted: readonly string[];
}

/** What is kept out of everything that is written: the values of secrets.env, and the DSN wherever it came from. */
export function redactionOf(secrets: EnvFileRead, telemetry: Telemetry): Redaction {
  const file = secrets.kind === 'read' ? secrets.file : null;
  const known = secretsOf(file?.values ?? {}, telemetry.kind === 'on' ? telemetry.dsn : null);
  const redactor = new Redactor(known.secrets);
  return {
    redactor,
    unredacted: [
      ...known.tooShort.map(
        (name) => `${name} in ${file?.where(name)} has fewer than ${minSecretLength} characters: it is not redacted`,
      ),
      ...redactor.incomplete.map(
        (name) => `${name} in ${file?.where(name)}: there are too many secrets, rare encodings of it are not redacted`,
      ),
    ],
  };
}
