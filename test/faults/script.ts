import type { Root } from '../harness/root.ts';
import type { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

/*
 * The jobs under which a supervisor is killed: one of each way that a job can go. Their processes write what they do to
 * one file, as for test/faults/witness.ts.
 */

export const config =
  'concurrency: { pipeline: 4, verifier: 3 }\nspool: { scanInterval: 300ms }\ndefaults: { killGrace: 1s }\noutbox: { maxAge: 1d }\n';

const mark = (what: string): string => `echo "${what} $BOOTY_JOB_ID $BOOTY_ATTEMPT" >> "$MARKS"`;
/** Leaves its session, and would go on for seconds: it must be gone when its attempt has ended, and before the next one. */
const stray = `setsid sh -c 'for i in $(seq 60); do ${mark('beat')}; sleep 0.05; done' >/dev/null 2>&1 &`;
const verifier = (run: string): string =>
  `verify:\n  env: { MARKS: @ }\n  run: |\n    ${mark('start')}\n    ${mark('end')}\n    ${run}\n`;

interface Drop {
  readonly name: string;
  readonly text: string;
  /** What must be true before it is dropped. */
  readonly after?: (root: Root) => boolean;
}

/** In the order in which they are dropped. `@` stands for the file of the marks. */
const drops: readonly Drop[] = [
  {
    name: 'good.yaml',
    text: `id: good\nenv: { MARKS: @ }\nsteps:\n  - script: |\n      #!/bin/sh\n      ${mark('start')}\n      echo rows=3 >> "$BOOTY_OUTPUT"\n      echo data > made\n  - run: |\n      echo printed\n      ${mark('end')}\n${verifier('grep -q data made && grep -q rows "$BOOTY_PIPELINE_OUTCOME"')}`,
  },
  {
    name: 'boom.yaml',
    text: `id: boom\nenv: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  echo 'it broke' >&2\n  ${mark('end')}\n  exit 3\n`,
  },
  { name: 'bad.yaml', text: 'id: bad\nrun: echo never\nnonsense: 1\n' },
  { name: 'dup-1.yaml', text: `id: dup\nenv: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  ${mark('end')}\n` },
  {
    name: 'once.yaml',
    text: `id: once\nonInterrupt: fail\nenv: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  sleep 0.15\n  ${mark('end')}\n`,
  },
  {
    name: 'dup-2.yaml',
    text: 'id: dup\nenv: { MARKS: @ }\nrun: echo "start dup-2 1" >> "$MARKS"\n',
    after: (root) => root.outcome('dup') !== null,
  },
  {
    name: 'refused.yaml',
    text: `id: refused\nenv: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  ${mark('end')}\n${verifier('echo too few rows; exit 1')}`,
  },
  {
    name: 'doubt.yaml',
    text: `id: doubt\nenv: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  ${mark('end')}\n${verifier('exit 2')}`,
  },
  {
    name: 'stray.yaml',
    text: `id: stray\nenv: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  ${stray}\n  sleep 0.25\n  ${mark('end')}\n`,
  },
  {
    name: 'nameless.yaml',
    text: `env: { MARKS: @ }\nrun: |\n  ${mark('start')}\n  ${mark('end')}\n`,
    after: (root) => isRefused(root, 'dup-2.yaml'),
  },
];

/** How the jobs end when nothing but the supervisor dies under them. */
export const expected = {
  good: 'succeeded',
  'good+verify': 'succeeded',
  boom: 'crashed',
  dup: 'succeeded',
  once: 'succeeded',
  refused: 'rejected',
  'refused+verify': 'rejected',
  doubt: 'crashed',
  'doubt+verify': 'crashed',
  stray: 'succeeded',
  nameless: 'succeeded',
} as const;

export const refusedFiles = { 'bad.yaml': 'UNKNOWN_KEY', 'dup-2.yaml': 'DUPLICATE_ID' } as const;

export type ScriptedId = keyof typeof expected;

export const textOf = (root: Root, name: string): string =>
  (drops.find((drop) => drop.name === name)?.text ?? '').replaceAll('@', root.in('marks'));

/** Drops the jobs one after another, goes on under the next supervisor where one dies, and drops none twice. */
export class Script {
  readonly #root: Root;
  #next = 0;

  constructor(root: Root) {
    this.#root = root;
  }

  /** Until every job has ended, or the supervisor has. */
  async play(supervisor: SupervisorProcess): Promise<void> {
    try {
      await supervisor.line({ kind: 'supervisor.ready' });
      for (; this.#next < drops.length; this.#next += 1) await this.#drop(drops[this.#next], supervisor);
      await this.#until('every outcome', supervisor, () => isDone(this.#root));
    } catch (error) {
      if (!supervisor.exit) throw error;
    }
  }

  async #drop(drop: Drop | undefined, supervisor: SupervisorProcess): Promise<void> {
    if (!drop) return;
    const { after } = drop;
    if (after) await this.#until(`what ${drop.name} waits for`, supervisor, () => after(this.#root));
    await this.#root.drop(drop.name, textOf(this.#root, drop.name));
  }

  async #until(what: string, supervisor: SupervisorProcess, isThere: () => boolean): Promise<void> {
    const find = (): true | null => {
      if (supervisor.exit) throw new Error(`it ended before there was ${what}`);
      return isThere() || null;
    };
    await poll(what, find, { everyMs: 15, state: () => supervisor.lines.map((line) => line.raw).join('\n') });
  }
}

/** Whatever name it got there: that is for the evidence. */
const isRefused = (root: Root, name: string): boolean =>
  root.names('spool/rejected').some((entry) => entry.startsWith(name) && !entry.endsWith('.reason.json'));

export function isDone(root: Root): boolean {
  return (
    root.names('spool/outcomes').length >= Object.keys(expected).length &&
    Object.keys(refusedFiles).every((name) => isRefused(root, name)) &&
    root.names('spool/incoming').length === 0 &&
    root.outbox().length === 0
  );
}
