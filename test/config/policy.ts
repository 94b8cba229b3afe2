import { type EnvFileRead, envFile } from '../../src/config/env-file.ts';
import { decideTelemetry, type StartUpPolicy } from '../../src/config/telemetry.ts';

export const dsn = 'https://abc@sentry.example/7';

/** What a machine has; what is left out is not there. */
export interface Machine {
  readonly secrets?: string;
  /** Default 0600. */
  readonly secretsMode?: number;
  readonly release?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const fileOf = (path: string, text: string | undefined, mode = 0o600): EnvFileRead =>
  text === undefined ? { kind: 'missing' } : { kind: 'read', file: envFile(path, text, mode) };

export const decide = ({ secrets, secretsMode, release, environment = {} }: Machine): StartUpPolicy =>
  decideTelemetry({
    secrets: fileOf('secrets.env', secrets, secretsMode),
    release: fileOf('release.env', release, 0o644),
    environment,
  });
