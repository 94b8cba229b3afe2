import type { Crash } from '../../src/crash/crash.ts';
import { noSources } from '../../src/crash/source.ts';
import type { Job } from '../../src/job/job.ts';
import { instant } from '../../src/job/units.ts';
import { idOf, now, specOf } from '../schedule/jobs.ts';

export const jobOf = (id = 'nightly-1', rest: Partial<Job> = {}): Job => ({
  id: idOf(id),
  spec: { ...specOf('nightly'), tags: { team: 'data' } },
  pipelineId: null,
  droppedAt: now,
  acceptedAt: instant(now + 1),
  droppedBy: 1000,
  ...rest,
});

export const crashOf = (rest: Partial<Crash> = {}): Crash => ({
  job: jobOf(),
  attempt: 2,
  attemptLimit: 2,
  step: 'load',
  argv: ['/bin/sh', '-e', '-c', 'load'],
  workdir: '/var/lib/booty/jobs/nightly-1/work',
  cause: 'exit-code',
  exit: { kind: 'code', code: 3 },
  reason: 'exited with 3: disk full',
  startedAt: instant(now + 1000),
  endedAt: instant(now + 3500),
  durationMs: 2500,
  usage: null,
  final: true,
  reading: null,
  sources: noSources,
  crumbs: [],
  lastLine: 'disk full',
  tails: [],
  ...rest,
});
