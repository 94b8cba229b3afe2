import type { Crumb } from '../crash/crash.ts';
import type { CrashReading, ReadException } from '../crash/exception.ts';
import { readHandedError, readLogLines } from '../crash/handed-over.ts';
import type { Job } from '../job/job.ts';
import { instant } from '../job/units.ts';
import { readErrorFile, readLogFile } from '../run/module-step.ts';
import type { JobPlace } from '../run/workdir.ts';

/** What the module that decided has handed over of its end, after so many steps; null where it was none, or handed nothing over. */
export function handedReading({ spec }: Job, place: JobPlace, stepsRun: number): CrashReading | null {
  if (spec.steps[stepsRun - 1]?.action.kind !== 'module') return null;
  const text = readErrorFile(place);
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

/** What the modules among the first steps have logged. */
export function loggedCrumbs({ spec, acceptedAt }: Job, place: JobPlace, stepsRun: number): readonly Crumb[] {
  if (!spec.steps.slice(0, stepsRun).some(({ action }) => action.kind === 'module')) return [];
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
