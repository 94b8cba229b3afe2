import type { Crumb } from '../crash/crash.ts';
import type { CrashReading, ReadException } from '../crash/exception.ts';
import { readHandedError, readLogLines } from '../crash/handed-over.ts';
import type { Job, Step } from '../job/job.ts';
import { instant } from '../job/units.ts';
import { readLogFile } from '../run/module-step.ts';
import type { JobPlace } from '../run/workdir.ts';

/** What a module has handed over of its end, which it may have forged; null where there is nothing of that kind. */
export function handedReading({ spec }: Job, text: string | null): CrashReading | null {
  const reading = text === null ? null : readHandedError(text);
  return reading && (spec.crash.sourceLines > 0 ? reading : withoutSource(reading));
}

/** The host reads it in any case; whether it goes along is for the job to say. */
const withoutSource = ({ platform, exceptions: [first, ...rest] }: CrashReading): CrashReading => {
  const bare = (one: ReadException): ReadException => ({
    ...one,
    frames: one.frames.map((frame) => ({ ...frame, source: null })),
  });
  return { platform, exceptions: [bare(first), ...rest.map(bare)] };
};

/** What the modules among the steps that ran have logged. */
export function loggedCrumbs(
  { acceptedAt }: Job,
  place: JobPlace,
  ran: readonly (Step | undefined)[],
): readonly Crumb[] {
  if (!ran.some((step) => step?.action.kind === 'module')) return [];
  return readLogLines(readLogFile(place) ?? '').map(({ at, level, message }) => ({
    // A job writes any time that it likes.
    at: instant(Math.min(Math.max(at, acceptedAt), Date.now())),
    category: 'log',
    message,
    level,
  }));
}

/**
 * The better of what was handed over and what was read of the output. The place where a module does not parse is known to
 * Node.js alone, which prints it.
 */
export function betterOf(handed: CrashReading | null, printed: CrashReading | null): CrashReading | null {
  const last = handed?.exceptions.at(-1);
  const same = printed?.exceptions.at(-1);
  if (!last) return printed;
  const isPlaced = last.frames.some(({ inApp }) => inApp);
  return last.type === 'SyntaxError' && !isPlaced && same?.type === last.type && same.value === last.value
    ? printed
    : handed;
}

/** In order of time. What a module logs is on stderr as well, and is told once. */
export function withLogged(crumbs: readonly Crumb[], logged: readonly Crumb[]): readonly Crumb[] {
  const printed = new Set(logged.map(({ level, message }) => `${level}: ${message}`));
  const others = crumbs.filter(({ category, message }) => category !== 'stderr' || !printed.has(message));
  return [...others, ...logged].toSorted((a, b) => a.at - b.at);
}
