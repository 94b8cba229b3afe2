import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Intakes } from './intakes.ts';

const settleMs = 20;

/** Looks as the supervisor does, until all are accepted. Answers how often it looked. */
async function lookUntil(intakes: Intakes, accepted: number, mostLooks: number): Promise<number> {
  const intake = await intakes.next();
  for (let looks = 1; looks <= mostLooks; looks += 1) {
    const { more, settling } = await intake.look();
    if (intakes.accepted.length === accepted) return looks;
    if (!more && settling) await sleep(settleMs + 5);
  }
  assert.fail(`${mostLooks} looks have found ${intakes.accepted.length} of ${accepted}`);
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `job-${index}`);

void test('many files that were renamed in are taken as fast as they are found', async () => {
  await using intakes = new Intakes({ settleMs });
  for (const name of numbered(1600)) intakes.drop(name);
  assert.equal(await lookUntil(intakes, 1600, 10), 4);
});

void test('many files that were written in place are all taken', async () => {
  await using intakes = new Intakes({ settleMs });
  for (const name of numbered(1600)) intakes.write(name);
  await lookUntil(intakes, 1600, 60);
});

void test('files that are written for a long time hold up no others', async () => {
  await using intakes = new Intakes({ settleMs });
  const files = numbered(300).map((name) => {
    intakes.write(name);
    return openSync(join(intakes.paths.incoming, name), 'a');
  });
  try {
    for (const name of ['z-renamed', 'z-renamed-too']) intakes.drop(name);
    await lookUntil(intakes, 2, 60);
    for (const name of ['z-written', 'z-written-too']) intakes.write(name);
    await lookUntil(intakes, 4, 60);
  } finally {
    files.forEach(closeSync);
  }
});
