/** A value that must not leave the machine, and the name of the variable that holds it. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

export interface KnownSecrets {
  readonly secrets: readonly Secret[];
  /** Variables whose value is too short to be looked for: it would hit by chance everywhere. */
  readonly tooShort: readonly string[];
}

/** In characters. */
export const minSecretLength = 6;
const minLineLength = 8;

/** What events have to say of where they come from; no credential belongs there. */
const settings = new Set(['SENTRY_ENVIRONMENT', 'SENTRY_RELEASE', 'SENTRY_SAMPLE_RATE']);

/** Words that are no secret in any file, and those of outcomes, journal and events: without them nothing could be read. */
const plainWords =
  `production staging testing development default enabled disabled localhost 127.0.0.1 0.0.0.0 255.255.255.255
   undefined unknown warning verbose required optional public private
   succeeded rejected crashed cancelled skipped interrupted pipeline verifier captured sampled-out ignored exit-code timeout signal
   supervisor attempt accepted refused started trouble telemetry outbox delivered retention workdir reason outcome
   exception stacktrace breadcrumbs mechanism handled platform timestamp environment release transaction fingerprint contexts
   event_id server_name filename abs_path function module lineno context_line category message attachment content_type length`.split(
    /\s+/,
  );

const isPlain = (value: string): boolean => plainWords.some((word) => word.includes(value.toLowerCase()));

/**
 * What to look for: each value, each line of one that has several, and the parts of a URL that are its credentials.
 * @param values of secrets.env
 * @param dsn where it came from elsewhere
 */
export function secretsOf(values: Readonly<Record<string, string>>, dsn: string | null = null): KnownSecrets {
  const secrets: Secret[] = [];
  const tooShort: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const trimmed = value.trim();
    if (trimmed === '' || settings.has(name) || isPlain(trimmed)) continue;
    if (trimmed.length < minSecretLength) tooShort.push(name);
    else secrets.push(...partsOf(name, trimmed));
  }
  if (dsn !== null) secrets.push(...partsOf('SENTRY_DSN', dsn.trim()));
  return { secrets, tooShort };
}

function partsOf(name: string, value: string): Secret[] {
  const url = URL.parse(value);
  const inUrl = url ? [url.password, decoded(url.password), ...(name === 'SENTRY_DSN' ? [url.username] : [])] : [];
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
  return [
    { name, value },
    ...inUrl.filter((part) => part.length >= minSecretLength && !isPlain(part)).map((part) => ({ name, value: part })),
    ...lines.filter(isTelling).map((line) => ({ name, value: line })),
  ];
}

/** Not the line that says that a key follows. */
const isTelling = (line: string): boolean =>
  line.length >= minLineLength && !isPlain(line) && !/^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/.test(line);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
