import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CrashReading } from '../../src/crash/exception.ts';

const corpus = join(import.meta.dirname, '../corpus');

/** What a program printed when it died, and what is to be read from it; null where it is no crash. */
export interface Death {
  readonly name: string;
  readonly text: string;
  readonly reading: CrashReading | null;
}

/** All whose last words are kept. */
export const languages: readonly string[] = readdirSync(corpus, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'ordinary')
  .map(({ name }) => name)
  .sort();

/** The directory of the programs that died. */
export const programsOf = (language: string): string => join(corpus, language, 'programs');

export const deathsOf = (language: string): readonly Death[] =>
  namesIn(language, '.txt').map((name) => ({
    name,
    text: readFileSync(join(corpus, language, `${name}.txt`), 'utf8'),
    reading: JSON.parse(readFileSync(join(corpus, language, `${name}.json`), 'utf8')) as CrashReading | null,
  }));

/** Ordinary output of programs of this language; of all of them for ''. */
export const ordinaryOf = (language: string): readonly (readonly [name: string, text: string])[] =>
  namesIn('ordinary', '.txt')
    .filter((name) => language === '' || name.startsWith(`${language}-`))
    .map((name) => [name, readFileSync(join(corpus, 'ordinary', `${name}.txt`), 'utf8')]);

export interface SdkFrame {
  readonly function?: string | null;
  readonly module?: string | null;
  readonly filename?: string | null;
  readonly abs_path?: string | null;
  readonly lineno?: number | null;
  readonly colno?: number | null;
  readonly context_line?: string | null;
  readonly in_app?: boolean | null;
}

/** An event as the SDK made it inside the program, as far as it tells of exceptions. */
export interface SdkEvent {
  readonly exceptions: readonly {
    readonly type: string;
    readonly module?: string | null;
    readonly value: string | null;
    readonly mechanism?: {
      readonly exception_id?: number;
      readonly parent_id?: number;
      readonly source?: string;
      readonly is_exception_group?: boolean;
    } | null;
    readonly frames: readonly SdkFrame[];
  }[];
}

/** The events of the same program with the SDK of Sentry inside; null where it sent none. */
export function sdkEventsOf(language: string, name: string): readonly SdkEvent[] | null {
  const path = join(corpus, language, `${name}.sdk.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SdkEvent[]) : null;
}

const namesIn = (directory: string, end: string): readonly string[] =>
  readdirSync(join(corpus, directory))
    .filter((file) => file.endsWith(end))
    .map((file) => file.slice(0, -end.length))
    .sort();
