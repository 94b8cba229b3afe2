import { createHash } from 'node:crypto';
import { kindOfExit } from '../job/exit.ts';
import type { Crash } from './crash.ts';
import type { CrashReading, Frame, ReadException } from './exception.ts';
import { normalise } from './normalise.ts';

/*
 * Which crashes are the same bug. Sentry groups by the stack: by the functions, modules and files of its frames, not by
 * their lines (docs.sentry.io, Issue Grouping). Where there is no stack to speak of, Booty says itself what groups: where
 * it happened, and what was said, without all that is different in each run.
 */

/** What Sentry puts in the place of this in a fingerprint is what it would have grouped by itself. */
const byDefault = '{{ default }}';

/** The `fingerprint` of the crash's event; null where Sentry groups it by its stack alone. */
export function fingerprintOf(crash: Crash): string[] | null {
  const own = ownFingerprint(crash);
  const { fingerprint } = crash.job.spec.crash;
  if (fingerprint === null) return own;
  return fingerprint.flatMap((part) => (isDefault(part) ? (own ?? [byDefault]) : [part]));
}

/** The same for crashes of the same bug, as far as that can be known without Sentry. 32 hex digits. */
export function groupOf(crash: Crash): string {
  const parts = fingerprintOf(crash) ?? [byDefault];
  const stack = crash.reading ? stackParts(crash.reading) : [];
  const known = parts.flatMap((part) => (part === byDefault ? stack : [part]));
  return createHash('sha256').update(JSON.stringify(known)).digest('hex').slice(0, 32);
}

const isDefault = (part: string): boolean => /^\{\{\s*default\s*\}\}$/.test(part);

function ownFingerprint(crash: Crash): string[] | null {
  const { job, reading, step } = crash;
  const words = (text: string): string => normalise(text, knownOf(crash));
  if (reading) {
    const last = reading.exceptions.at(-1) ?? reading.exceptions[0];
    return reading.exceptions.some(hasStack) ? null : [byDefault, last.type, words(last.value)];
  }
  const line = words(crash.lastLine ?? '');
  return ['booty', job.spec.name, step ?? '', crash.cause, kindOfExit(crash.exit), line];
}

/** Names that stand for something else in each run. */
const knownOf = ({ job, workdir }: Crash): readonly (readonly [string, string])[] => [
  [workdir, '<workdir>'],
  ...(job.pipelineId === null ? [] : [[job.pipelineId, '<id>'] as const]),
  [job.id, '<id>'],
];

/** Whether its frames tell one bug of a program from another: a file's top level, or a file and a line alone, do not. */
const hasStack = ({ frames }: ReadException): boolean => frames.some(({ function: name }) => isNamed(name));

const topLevel =
  /^(?:<module>|<main>|\(?main\)?|__main__|Object\.<anonymous>|<anonymous>|<top \(required\)>|\{main\}|\?+)$/;
const isNamed = (name: string | null): boolean => name !== null && name !== '' && !topLevel.test(name);

const stackParts = ({ platform, exceptions }: CrashReading): string[] => [
  platform,
  ...exceptions.flatMap(({ type, frames }) => [type, ...relevantOf(frames).flatMap(partsOf)]),
];

/** The job's own frames, or all where none is its own. */
const relevantOf = (frames: readonly Frame[]): readonly Frame[] => {
  const own = frames.filter(({ inApp }) => inApp);
  return own.length > 0 ? own : frames;
};

const partsOf = ({ module, file, function: name }: Frame): string[] => [
  normalise(module ?? file?.split('/').at(-1) ?? '', []),
  normalise(name ?? '', []),
];
