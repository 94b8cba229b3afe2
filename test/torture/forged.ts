import type {
  AttemptSeen,
  BatchEvidence,
  Course,
  DroppedJob,
  EndEvidence,
  LifeRecord,
  Mark,
  OutcomeSeen,
  Sighting,
} from './evidence.ts';

/*
 * Evidence of a small torture that never happened, in which everything is as it must be: for the tests of the checker,
 * which spoil one thing at a time.
 */

export type Forged<Value> =
  Value extends ReadonlyMap<infer Key, infer Item>
    ? Map<Key, Forged<Item>>
    : Value extends object
      ? { -readonly [Key in keyof Value]: Forged<Value[Key]> }
      : Value;

const startMs = Date.parse('2026-11-24T02:00:00Z');
export const at = (ms: number): string => new Date(startMs + ms).toISOString();

export const life = (fromMs: number, toMs: number, ending: Partial<LifeRecord>): LifeRecord => ({
  number: 1,
  rival: false,
  launchedAtMs: startMs + fromMs,
  launchedUpMs: fromMs,
  ready: true,
  stopped: false,
  endedAtMs: startMs + toMs,
  endedUpMs: toMs,
  status: null,
  signal: null,
  killed: false,
  terms: 0,
  stops: [],
  complaints: [],
  toldUncaptured: [],
  again: [],
  late: null,
  ...ending,
});

/** As a supervisor tells it when it has recorded the end of an attempt. */
export const waitsAgain = (jobId: string, attempt: number, fromMs: number): LifeRecord['again'][number] => ({
  jobId,
  attempt,
  fromAtMs: startMs + fromMs,
});

export const mark = (what: string, key: string, attempt: number, upMs = 0): Mark => ({
  what,
  key,
  attempt,
  upMs,
  line: 0,
});

const endings = {
  succeeded: { outcome: 'succeeded', cause: null, reason: null, exitCode: 0, signal: null, sentry: null },
  rejected: { outcome: 'rejected', cause: null, reason: 'no good', exitCode: 1, signal: null, sentry: null },
  crashed: { outcome: 'crashed', cause: 'exit-code', reason: 'exited with 3', exitCode: 3, signal: null, sentry: null },
  lost: { outcome: 'interrupted', cause: 'lost', reason: 'lost', exitCode: null, signal: null, sentry: null },
  stopped: { outcome: 'interrupted', cause: null, reason: 'stopped', exitCode: null, signal: null, sentry: null },
} as const;

/** An attempt; its event, where it is a crash, is named after where it began. */
export function attempt(ending: keyof typeof endings, number: number, fromMs: number, toMs: number): AttemptSeen {
  const { cause, outcome } = endings[ending];
  const crashed = outcome === 'crashed' || cause === 'lost';
  return {
    ...endings[ending],
    attempt: number,
    startedAt: at(fromMs),
    endedAt: at(toMs),
    sentry: crashed ? { eventId: `event-${fromMs}-${number}`, capture: 'captured' } : null,
  };
}

function outcome(id: string, attempts: readonly AttemptSeen[], keys: Partial<OutcomeSeen> = {}): OutcomeSeen {
  const last = attempts.at(-1) ?? attempt('succeeded', 1, 0, 1);
  const { startedAt: _, ...rest } = last;
  const common = { id, name: id, kind: 'pipeline', acceptedAt: at(0), verdicts: [], pipelineId: null, outputs: {} };
  return { ...common, ...rest, attempt: attempts.length, attempts, ...keys };
}

const verifierOutcome = (pipeline: string, attempts: readonly AttemptSeen[]): OutcomeSeen =>
  outcome(`${pipeline}+verify`, attempts, { name: `${pipeline}-verify`, kind: 'verifier', pipelineId: pipeline });

/** Written once all marks were. */
const sighting = (record: OutcomeSeen): Sighting => ({
  record,
  changes: 0,
  uncaptured: [],
  alive: [],
  marksBefore: 1000,
});

const course = (ending: 'succeeded' | 'rejected' | 'crashed'): Course => {
  const { sentry: _, ...end } = endings[ending];
  return { end, marks: 'start-end', limitMs: null };
};

const job = (key: string, keys: Partial<DroppedJob> = {}): DroppedJob => ({
  droppedAtMs: startMs,
  key,
  id: key,
  file: `${key}.yaml`,
  course: course('succeeded'),
  verifier: null,
  onInterrupt: 'retry',
  retries: 0,
  priority: 0,
  outputs: {},
  kills: false,
  twinFile: null,
  ...keys,
});

const whole = (key: string, number: number): Mark[] => [mark('start', key, number), mark('end', key, number)];

/** Sound: a kill at 1000 ms, a stop at 5000 ms, and jobs of every fate. */
export function forgeBatch(): Forged<BatchEvidence> {
  const crashedVerifier = attempt('crashed', 1, 2600, 2700);
  const records = [
    outcome('plain', [attempt('succeeded', 1, 100, 200)]),
    outcome('again', [
      attempt('lost', 1, 900, 1300),
      attempt('stopped', 2, 1400, 5100),
      attempt('succeeded', 3, 6000, 6100),
    ]),
    outcome('crash', [attempt('crashed', 1, 300, 400)]),
    outcome('checked', [attempt('succeeded', 1, 2000, 2100)], {
      verdicts: [{ id: 'checked+verify', outcome: 'succeeded' }],
    }),
    verifierOutcome('checked', [attempt('succeeded', 1, 2200, 2300)]),
    outcome('doubted', [attempt('succeeded', 1, 2400, 2500)], {
      outcome: 'crashed',
      cause: 'exit-code',
      sentry: crashedVerifier.sentry,
      verdicts: [{ id: 'doubted+verify', outcome: 'crashed' }],
    }),
    verifierOutcome('doubted', [crashedVerifier]),
    outcome('twin', [attempt('succeeded', 1, 2800, 2900)], { name: 'twin-b' }),
    outcome('told', [attempt('succeeded', 1, 3000, 3100)], { outputs: { answer: '42' } }),
  ];
  const marks = [
    ...whole('plain', 1),
    mark('start', 'again', 1),
    mark('beat', 'again', 1),
    mark('start', 'again', 2),
    ...whole('again', 3),
    ...whole('crash', 1),
    ...whole('checked', 1),
    ...whole('checked+verify', 1),
    ...whole('doubted', 1),
    ...whole('doubted+verify', 1),
    ...whole('twin-b', 1),
    ...whole('told', 1),
  ];
  const duplicate = { file: 'twin.yaml', code: 'DUPLICATE_ID', message: 'exists', refusedAt: at(1300) };
  const batch: BatchEvidence = {
    jobs: [
      job('plain'),
      job('again'),
      job('crash', { course: course('crashed') }),
      job('checked', { verifier: course('succeeded') }),
      job('doubted', { verifier: course('crashed') }),
      job('twin', { id: 'twin', twinFile: 'twin-b.yaml' }),
      job('twin-b', { id: 'twin', twinFile: 'twin.yaml' }),
      job('told', { outputs: { answer: '42' } }),
    ],
    badFiles: [{ droppedAtMs: startMs, file: 'bad.yaml', code: 'SYNTAX', sha256: 'abc', key: 'bad' }],
    marks: marks.map((one, line) => ({ ...one, line })),
    sightings: records.map(sighting),
    rejected: [
      {
        name: 'bad.yaml',
        sha256: 'abc',
        reason: { file: 'bad.yaml', code: 'SYNTAX', message: 'line 3', refusedAt: at(1300) },
      },
      { name: 'twin.yaml', sha256: 'def', reason: duplicate },
    ],
    received: records.flatMap(({ id, attempts }) =>
      attempts.flatMap((one) =>
        one.sentry?.eventId ? [{ eventId: one.sentry.eventId, jobId: id, attempt: one.attempt }] : [],
      ),
    ),
    hits: [],
    lives: [
      life(0, 1000, { killed: true, signal: 'SIGKILL' }),
      life(1200, 5200, {
        number: 2,
        terms: 1,
        status: 0,
        again: [waitsAgain('again', 1, 1350), waitsAgain('again', 2, 5100)],
      }),
      life(5500, 9000, { number: 3, terms: 1, status: 0 }),
    ],
    concurrency: { pipeline: 2, verifier: 1 },
  };
  return structuredClone(batch) as Forged<BatchEvidence>;
}

/** Sound: one job, and nothing else. */
export const forgeEnd = (): Forged<EndEvidence> => ({
  outcomes: new Map([['plain', { outcome: 'succeeded', attempt: 1 }]]),
  listed: [{ id: 'plain', state: 'ended', outcome: 'succeeded', attempt: 1 }],
  shownOtherwise: [],
  processesLeft: [],
  filesLeft: [],
  strangers: [],
});
