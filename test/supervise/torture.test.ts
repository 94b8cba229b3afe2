import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { type Expected, flawsOf, readMarks } from './witness.ts';

/*
 * BOOTY_KILLS=100 for the long form; BOOTY_SEED repeats a run.
 */
const kills = Number(process.env.BOOTY_KILLS ?? 5);
const seed = Number(process.env.BOOTY_SEED ?? 20_261_124);
const jobsEachRound = 8;

const config =
  'concurrency: { pipeline: 4, verifier: 3 }\nspool: { scanInterval: 300ms }\ndefaults: { killGrace: 1s }\n';

/** A small generator of numbers from 0 to 1 (mulberry32): the same for the same seed. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const mark = (what: string): string => `echo "${what} $BOOTY_JOB_ID $BOOTY_ATTEMPT" >> "$MARKS"`;
/** Leaves its session, and goes on for longer than the job: it must be gone before the next attempt. */
const strayingBeat = `setsid sh -c 'for i in 1 2 3 4 5 6 7 8; do ${mark('beat')}; sleep 0.05; done' >/dev/null 2>&1 &`;

const kinds: readonly { readonly expected: Expected; readonly yaml: string }[] = [
  { expected: 'succeeded', yaml: `run: |\n  ${mark('start')}\n  ${mark('end')}\n` },
  { expected: 'succeeded', yaml: `run: |\n  ${mark('start')}\n  sleep 0.4\n  ${mark('end')}\n` },
  { expected: 'crashed', yaml: `run: |\n  ${mark('start')}\n  sleep 0.1\n  ${mark('end')}\n  exit 3\n` },
  {
    expected: 'succeeded',
    yaml: `run: |\n  ${mark('start')}\n  ${strayingBeat}\n  sleep 0.6\n  ${mark('end')}\n`,
  },
  {
    expected: 'succeeded',
    yaml: `steps:\n  - run: |\n      ${mark('start')}\n      echo data > made\n  - run: |\n      sleep 0.2\n      ${mark('end')}\nverify: { run: sleep 0.2; grep -q data made }\n`,
  },
  {
    expected: 'rejected',
    yaml: `run: |\n  ${mark('start')}\n  ${mark('end')}\nverify: { run: sleep 0.1; echo no; exit 1 }\n`,
  },
];

void test('jobs under a supervisor that is killed again and again each end once, one attempt at a time', async (t) => {
  t.diagnostic(`seed ${seed}, ${kills} kills`);
  const random = randomOf(seed);
  await using root = await Root.make({ config });
  const marks = root.in('marks');
  await root.write('marks', '');
  const expected = new Map<string, Expected>();
  const seen = new Map<string, string>();

  const dropSome = async (round: number): Promise<void> => {
    for (let number = 0; number < jobsEachRound; number += 1) {
      const kind = kinds[Math.floor(random() * kinds.length)] ?? kinds[0];
      if (!kind) return;
      const id = `job-${round}-${number}`;
      expected.set(id, kind.expected);
      await root.drop(`${id}.yaml`, `id: ${id}\nenv: { MARKS: ${marks} }\n${kind.yaml}`);
    }
  };
  /** No outcome that anybody could have read may change afterwards. */
  const compareOutcomes = (): void => {
    for (const name of readdirSync(root.in('spool/outcomes')).filter((entry) => !entry.startsWith('.'))) {
      const text = readFileSync(root.in('spool/outcomes', name), 'utf8');
      assert.equal(text, seen.get(name) ?? text, `the outcome in ${name} has changed`);
      seen.set(name, text);
    }
  };

  await (await SupervisorProcess.start(root)).stop();
  for (let round = 0; round < kills; round += 1) {
    await dropSome(round);
    const early = random() < 0.2;
    await using supervisor = early ? SupervisorProcess.launch(root) : await SupervisorProcess.start(root);
    await sleep(random() * (early ? 700 : 900));
    await supervisor.kill();
    compareOutcomes();
  }
  await using last = await SupervisorProcess.start(root);
  await poll('every outcome', () => [...expected.keys()].every((id) => root.outcome(id)) || null, {
    timeoutMs: 20_000 + kills * 1000,
    everyMs: 50,
    state: () => [...expected.keys()].filter((id) => !root.outcome(id)).join(' '),
  });
  compareOutcomes();
  assert.deepEqual(await last.stop(), { status: 0, signal: null });
  const written = readMarks(marks);
  const flaws = [...expected].flatMap(([id, kind]) => flawsOf(id, kind, written, root.outcome(id)));
  t.diagnostic(`${expected.size} jobs, ${written.filter(({ what }) => what === 'start').length} attempts that began`);
  assert.deepEqual(flaws, []);
});
