import type { Expected } from '../evidence.ts';
import { oneOf, type Random } from '../random.ts';
import { marksPath } from './places.ts';

export interface JobFile {
  /** What its name ends with. */
  readonly extension: string;
  readonly content: string;
  readonly expected: Expected;
}

const mark = (what: 'start' | 'end'): string => `echo "${what} $BOOTY_JOB_ID $BOOTY_ATTEMPT" >> ${marksPath}`;
const work = (...lines: readonly string[]): string =>
  `run: |\n${[mark('start'), ...lines, mark('end')].map((line) => `  ${line}\n`).join('')}`;

interface Kind {
  readonly expected: Expected;
  readonly yaml: string;
  /** Its file asks for no id: taken twice, it would run twice. */
  readonly nameless?: true;
}

const kinds: readonly [Kind, ...Kind[]] = [
  { expected: 'succeeded', yaml: work() },
  { expected: 'succeeded', yaml: work(), nameless: true },
  { expected: 'succeeded', yaml: work('sleep 0.3') },
  { expected: 'succeeded', yaml: work('setsid sleep 5 >/dev/null 2>&1 &', 'sleep 0.1') },
  { expected: 'succeeded', yaml: `${work('echo data > made')}verify: { run: grep -q data made }\n` },
  { expected: 'rejected', yaml: `${work()}verify: { run: echo no; exit 1 }\n` },
  { expected: 'crashed', yaml: `${work('echo "what went wrong" >&2')}  exit 3\n` },
  { expected: 'crashed', yaml: `${work('echo half-way')}  exit 4\n`, nameless: true },
  { expected: 'crashed', yaml: `${work()}  kill -9 $$\n` },
  { expected: 'refused', yaml: 'run: true\ntimeuot: 5m\n' },
];

/** A job file of some kind. */
export function jobFile(random: Random, id: string): JobFile {
  const { expected, yaml, nameless } = oneOf(random, kinds);
  return { expected, extension: 'yaml', content: nameless ? yaml : `id: ${id}\n${yaml}` };
}
