import type { Event } from '@sentry/node';
import { describeExit } from '../job/exit.ts';
import type { Crash } from './crash.ts';
import type { Frame, Link, ReadException } from './exception.ts';
import { cut, maxTagLength, maxValueLength } from './limits.ts';
import { contextLines } from './source.ts';

type SentryException = NonNullable<NonNullable<Event['exception']>['values']>[number];
type SentryFrame = NonNullable<NonNullable<SentryException['stacktrace']>['frames']>[number];

/** Those nearest to the crash are kept. */
const maxFrames = 250;
const mechanism = { type: 'booty.child', handled: false };

/** What was raised first comes first, as Sentry wants it. */
export const exceptionsOf = (crash: Crash): SentryException[] =>
  crash.reading ? crash.reading.exceptions.map((one) => exceptionOf(one, crash)) : [plainException(crash)];

const exceptionOf = (
  { type, module, value, frames, link, properties }: ReadException,
  crash: Crash,
): SentryException => ({
  type: cut(type, maxTagLength),
  value: cut(value, maxValueLength),
  ...(module === undefined ? {} : { module: cut(module, maxTagLength) }),
  mechanism: {
    ...mechanism,
    ...(link ? linkOf(link) : {}),
    // What the error had beside its message: `code`, `path` and the like.
    ...(properties === undefined ? {} : { data: { ...properties } }),
  },
  ...(frames.length > 0
    ? { stacktrace: { frames: frames.slice(-maxFrames).map((frame) => frameOf(frame, crash)) } }
    : {}),
});

const linkOf = ({ id, parent, source, isGroup }: Link) => ({
  exception_id: id,
  ...(parent === null ? {} : { type: 'chained', parent_id: parent }),
  ...(source === null ? {} : { source }),
  ...(isGroup ? { is_exception_group: true } : {}),
});

const frameOf = (frame: Frame, { reading, workdir, sources }: Crash): SentryFrame => ({
  platform: reading?.platform ?? 'other',
  in_app: frame.inApp,
  ...(frame.function === null ? {} : { function: frame.function }),
  ...(frame.module === undefined ? {} : { module: frame.module }),
  ...(frame.file === null ? {} : { filename: nameOf(frame.file, workdir), abs_path: frame.file }),
  ...(frame.line === null ? {} : { lineno: frame.line }),
  ...(frame.column === null ? {} : { colno: frame.column }),
  ...(frame.source === null ? {} : { context_line: frame.source }),
  ...contextLines(frame, sources),
});

/**
 * Relative to the directories of the job, which are others in each run: Sentry groups by this name. Its working directory
 * is `work/`, beside which a `script:` lies.
 */
export function nameOf(file: string, workdir: string): string {
  const jobDirectory = workdir.slice(0, workdir.lastIndexOf('/') + 1);
  // Some runtimes tell of a file as a URL.
  const path = file.startsWith('file:///') ? file.slice('file://'.length) : file;
  if (path.startsWith(`${workdir}/`)) return path.slice(workdir.length + 1);
  if (jobDirectory.length > 1 && path.startsWith(jobDirectory)) return path.slice(jobDirectory.length);
  return file.replace(temporaryDirectory, '');
}

/** What mktemp(1) and its like make has another name each time. */
const temporaryDirectory = /^\/(?:tmp|var\/tmp|dev\/shm)\/[^/]+\/(?=[^/])/;

/** `nightly-backup/upload exited with 3`, and the last line that it printed. */
function plainException(crash: Crash): SentryException {
  const { job, step, exit, cause } = crash;
  const who = `${job.spec.name}${step === null ? '' : `/${step}`}`;
  const [what, value] =
    cause === 'rejected' ? ['rejected', crash.reason] : [describeExit(exit).replace(/^was /, ''), crash.lastLine ?? ''];
  return { type: cut(`${who} ${what}`, maxTagLength), value: cut(value, maxValueLength), mechanism };
}
