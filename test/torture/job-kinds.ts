import {
  beginNext,
  crashedBy,
  cutShort,
  type Draft,
  exitsWith,
  rejects,
  run,
  stray,
  succeeded,
  timesOut,
  verify,
  whole,
} from './draft.ts';
import type { Random } from './random.ts';

/** Every kind of job, each with how often it is dropped. */
export const jobKinds: Readonly<Record<string, { readonly weight: number; draft(random: Random): Draft }>> = {
  quick: { weight: 14, draft: () => ({ keys: run('m end\n'), course: whole(succeeded) }) },
  slow: {
    weight: 14,
    draft: (random) => ({ keys: run(`beats ${random.between(2, 8)}\nm end\n`), course: whole(succeeded) }),
  },
  steps: {
    weight: 8,
    draft: () => ({
      keys: {
        steps: [
          run('echo made > made\n'),
          { name: 'middle', run: `${beginNext}sleep 0.1\ngrep -q made made\nm beat\n` },
          { script: `#!/bin/sh -e\n${beginNext}sleep 0.1\nm end\n` },
        ],
      },
      course: whole(succeeded),
    }),
  },
  'exit-code': {
    weight: 8,
    draft: (random) => {
      const code = random.between(2, 99);
      return { keys: run(`beats ${random.between(0, 2)}\nm end\nexit ${code}\n`), course: whole(exitsWith(code)) };
    },
  },
  signal: {
    weight: 6,
    draft: (random) => {
      const signal = random.pick(['SEGV', 'TERM', 'USR1']);
      const end = crashedBy({ cause: 'signal', signal: `SIG${signal}`, reason: `was killed by SIG${signal}` });
      return { keys: run(`sleep 0.1\nm end\nkill -${signal} $$\nsleep 5\n`), course: whole(end) };
    },
  },
  python: {
    weight: 3,
    draft: () => ({
      keys: run(`m end\nexec python3 -c 'raise ValueError("bad row")'\n`),
      course: whole(exitsWith(1, 'ValueError: bad row')),
    }),
  },
  missing: {
    weight: 4,
    draft: () => ({
      keys: { command: ['/nonexistent/program', 'argument'] },
      course: { end: crashedBy({ cause: 'spawn', reason: 'no such program' }), marks: 'none', limitMs: null },
    }),
  },
  timeout: {
    weight: 4,
    draft: () => ({ keys: { ...run('beats 80\nm end\n'), timeout: '1s' }, course: cutShort(timesOut) }),
  },
  'step-timeout': {
    weight: 2,
    draft: () => ({
      keys: { steps: [{ ...run('sleep 0.1\n') }, { run: `${beginNext}beats 80\nm end\n`, timeout: '1200ms' }] },
      course: cutShort(timesOut),
    }),
  },
  deaf: {
    weight: 2,
    draft: () => ({
      keys: { ...run('trap "" TERM\nbeats 80\nm end\n'), timeout: '1s' },
      course: cutShort(timesOut),
    }),
  },
  patient: {
    weight: 5,
    draft: () => ({ keys: { ...run('beats 4\nm end\n'), timeout: '2500ms' }, course: whole(succeeded, 2500) }),
  },
  accepted: {
    weight: 6,
    draft: () => ({
      keys: { ...run('echo made > made\nm end\n'), verify: verify('sleep 0.1\ngrep -q made made\nm end\n') },
      course: whole(succeeded),
      verifier: whole(succeeded),
    }),
  },
  'accepted-late': {
    weight: 4,
    draft: (random) => ({
      keys: {
        ...run('beats 2\necho made > made\nm end\n'),
        verify: verify(`beats ${random.between(2, 7)}\ngrep -q made made\nm end\n`),
      },
      course: whole(succeeded),
      verifier: whole(succeeded),
    }),
  },
  rejected: {
    weight: 6,
    draft: () => ({
      keys: { ...run('m end\n'), verify: verify('sleep 0.1\necho not good enough\nm end\nexit 1\n') },
      course: whole(succeeded),
      verifier: whole(rejects),
    }),
  },
  'verifier-crashes': {
    weight: 4,
    draft: () => ({
      keys: { ...run('m end\n'), verify: verify('beats 1\nm end\nexit 7\n') },
      course: whole(succeeded),
      verifier: whole(exitsWith(7)),
    }),
  },
  'steps-crash-before-verifier': {
    weight: 2,
    draft: () => ({
      keys: { ...run('m end\nexit 4\n'), verify: verify('m end\n') },
      course: whole(exitsWith(4)),
      verifier: whole(succeeded),
    }),
  },
  verdict: {
    weight: 3,
    draft: () => ({
      keys: { kind: 'verifier', ...run('m end\necho not good enough > "$BOOTY_VERDICT"\nexit 1\n') },
      course: whole(rejects),
    }),
  },
  retried: {
    weight: 8,
    draft: (random) => ({
      keys: {
        ...run(`beats ${random.between(0, 4)}\nm end\nexit 6\n`),
        retries: { limit: 2, delay: '200ms', backoff: random.chance(0.5) ? 'fixed' : 'exponential' },
      },
      course: whole(exitsWith(6)),
      retries: 2,
    }),
  },
  once: {
    weight: 6,
    draft: (random) => ({
      keys: { ...run(`beats ${random.between(1, 8)}\nm end\n`), onInterrupt: 'fail' },
      course: whole(succeeded),
      onInterrupt: 'fail',
    }),
  },
  stray: {
    weight: 6,
    draft: (random) => ({
      keys: run(`${stray('')}beats ${random.between(1, 6)}\nm end\n`),
      course: whole(succeeded),
    }),
  },
  'deaf-stray': {
    weight: 4,
    draft: (random) => ({
      keys: run(`${stray('trap "" TERM HUP INT; ')}beats ${random.between(1, 6)}\nm end\nexit 9\n`),
      course: whole(exitsWith(9)),
    }),
  },
  outputs: {
    weight: 4,
    draft: (random) => {
      const value = String(random.between(1, 1000));
      return {
        keys: run(`echo "answer=${value}" >> "$BOOTY_OUTPUT"\nbeats 1\nm end\n`),
        course: whole(succeeded),
        outputs: { answer: value },
      };
    },
  },
  flood: {
    weight: 2,
    draft: () => ({
      keys: { ...run('head -c 400000 /dev/zero\nm end\nexit 5\n'), limits: { output: '64K' } },
      course: whole(exitsWith(5, 'exited with 5')),
    }),
  },
  script: {
    weight: 6,
    draft: (random) => {
      const code = random.pick([0, 0, 6]);
      return {
        keys: {},
        script: `beats ${random.between(0, 4)}\nm end\nexit ${code}\n`,
        course: whole(code === 0 ? succeeded : exitsWith(code)),
      };
    },
  },
  /** Only where its parent is the supervisor that the torturer has noted: not whoever inherits it from a dead one. */
  poison: {
    weight: 0.7,
    draft: () => ({
      keys: run('read -r pid < "$SUPERVISOR"\nif [ "$pid" = "$PPID" ]; then m kill; kill -KILL "$PPID"; fi\nsleep 5\n'),
      course: cutShort(crashedBy({ cause: 'lost' })),
      kills: true,
    }),
  },
};
