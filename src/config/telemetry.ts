import type { EnvFile, EnvFileRead } from './env-file.ts';

/** Where crashes go, decided once at the start. */
export type Telemetry =
  | {
      readonly kind: 'on';
      readonly dsn: string;
      readonly sampleRate: number;
      readonly release: string | null;
      readonly environment: string;
    }
  | { readonly kind: 'off'; readonly release: string | null; readonly environment: string };

export interface StartUpPolicy {
  readonly telemetry: Telemetry;
  /** Lines to say once. */
  readonly warnings: readonly string[];
  /** Lines that each forbid the start. */
  readonly errors: readonly string[];
}

export interface TelemetrySources {
  readonly secrets: EnvFileRead;
  readonly release: EnvFileRead;
  /** Variables really set win over both files; an empty one counts as unset. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Found {
  readonly value: string;
  /** Names the file and the line, or the environment. */
  readonly where: string;
}

export const refusal = 'Sentry disabled — production requires DSN; refusing to start';

/** The start-up policy: pure, and total over every state of the two files and the environment. */
export function decideTelemetry(sources: TelemetrySources): StartUpPolicy {
  const warnings: string[] = [];
  const errors: string[] = [];
  const secrets = fileOf(sources.secrets);
  const release = fileOf(sources.release);
  const find = (name: string, ...files: readonly (EnvFile | null)[]): Found | null => {
    const set = sources.environment[name];
    if (set) return { value: set, where: `${name} in the environment` };
    const file = files.find((candidate) => candidate?.values[name]);
    return file ? { value: file.values[name] ?? '', where: `${name} in ${file.where(name)}` } : null;
  };

  const named = find('SENTRY_ENVIRONMENT', release, secrets);
  const environment = named?.value.trim() || 'development';
  const production = isProduction(environment);
  // What production forbids, other environments are told of.
  const misuse = production ? errors : warnings;
  if (
    !sources.environment.SENTRY_ENVIRONMENT &&
    !release?.values.SENTRY_ENVIRONMENT &&
    secrets?.values.SENTRY_ENVIRONMENT
  ) {
    warnings.push(
      `SENTRY_ENVIRONMENT in ${secrets.where('SENTRY_ENVIRONMENT')} belongs in release.env, which deployments write`,
    );
  }
  for (const read of [sources.secrets, sources.release]) {
    if (read.kind === 'failed')
      errors.push(`${read.path} cannot be read (${read.code}): mend its permissions, or remove it`);
  }
  if (release && 'SENTRY_DSN' in release.values) {
    misuse.push(
      `SENTRY_DSN in ${release.where('SENTRY_DSN')}: credentials belong in secrets.env; remove the line${production ? '' : ' (ignored)'}`,
    );
  }
  if (secrets && (secrets.mode & 0o007) !== 0) {
    misuse.push(
      `${secrets.path} is open to every user (mode ${(secrets.mode & 0o777).toString(8).padStart(4, '0')}): chmod o= ${secrets.path}`,
    );
  }

  const releaseName = find('SENTRY_RELEASE', release, secrets)?.value.trim() || null;
  const rate = find('SENTRY_SAMPLE_RATE', secrets, release);
  const sampleRate = parseSampleRate(rate?.value ?? '');
  if (sampleRate === null) errors.push(`${rate?.where}: ${JSON.stringify(rate?.value)} is not a number from 0 to 1`);
  if (environment.length > 64 || /[\s/]/.test(environment)) {
    errors.push(`${named?.where}: expected at most 64 characters without spaces or slashes`);
  }
  if (
    releaseName !== null &&
    (releaseName.length > 200 || /[\r\n\t/\\]/.test(releaseName) || /^\.{1,2}$/.test(releaseName))
  ) {
    errors.push('SENTRY_RELEASE: expected at most 200 characters without slashes, tabs or line ends');
  }

  const dsn = find('SENTRY_DSN', secrets);
  const flaw = dsn ? dsnFlaw(dsn.value.trim()) : null;
  const off: Telemetry = { kind: 'off', release: releaseName, environment };
  if (dsn && flaw === null) {
    return {
      telemetry: { kind: 'on', dsn: dsn.value.trim(), sampleRate: sampleRate ?? 1, release: releaseName, environment },
      warnings,
      errors,
    };
  }
  if (production) errors.push(dsn ? `${refusal} (${dsn.where} is malformed: ${flaw})` : refusal);
  else if (dsn) warnings.push(`Sentry disabled — ${dsn.where} is malformed: ${flaw} (environment=${environment})`);
  else warnings.push(`Sentry disabled — no DSN configured (environment=${environment})`);
  return { telemetry: off, warnings, errors };
}

/** `production` or `prod`, in any case. */
const isProduction = (environment: string): boolean => /^prod(?:uction)?$/i.test(environment);

const fileOf = (read: EnvFileRead): EnvFile | null => (read.kind === 'read' ? read.file : null);

/** Empty means everything. Null for nonsense: the SDK would take NaN and 2 for "keep all". */
export function parseSampleRate(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '') return 1;
  if (!/^(?:0|1|0?\.\d+|[01]\.\d+)$/.test(trimmed)) return null;
  const rate = Number(trimmed);
  return rate <= 1 ? rate : null;
}

/** What is wrong with a DSN (`https://KEY@HOST/PROJECT`), never quoting it: it is a credential. Null: it is usable. */
export function dsnFlaw(dsn: string): string | null {
  const url = URL.parse(dsn);
  if (!url) return 'not a URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'expected https:// or http://';
  if (!/^\w+$/.test(url.username)) return 'no public key before the @';
  if (!url.hostname) return 'no host';
  if (!/^\d+$/.test(url.pathname.split('/').at(-1) ?? '')) return 'no project id at its end';
  // The SDK reads a DSN by a pattern of its own, which is narrower than that of a URL.
  return sdkPattern.test(dsn) ? null : 'expected https://KEY@HOST/PROJECT, without spaces and escapes';
}

const sdkPattern = /^https?:\/\/\w+(?::\w*)?@(?:\[[:.%\w]+\]|[\w.-]+)(?::\d+)?\/(?:[^\s?#]+\/)?\d+$/;
