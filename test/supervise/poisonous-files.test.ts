import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import type { Acceptable } from '../../src/schedule/queue.ts';
import type { Reason } from '../../src/spool/refuse.ts';
import { Intakes } from './intakes.ts';

/** The supervisor ends here, whatever it was doing. */
class Death extends Error {}

const isPoison = ({ drop }: Acceptable): boolean => drop.fileName.startsWith('poison');

/** Whoever reads a poisonous file dies of it, and with it all that it was about to do for the files beside it. */
const poisoned: Intakes['onAccept'] = (drops, accept) => {
  if (drops.some(isPoison)) throw new Death();
  return accept();
};

/** Starts one supervisor after the other until one lives. Answers how many have died. */
async function livesUntilCalm(intakes: Intakes, most: number): Promise<number> {
  for (let deaths = 0; deaths <= most; deaths += 1) {
    try {
      const intake = await intakes.next();
      await intake.recover();
      for (let more = true; more; ) ({ more } = await intake.look());
      return deaths;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
  }
  assert.fail(`${most + 1} supervisors have died of it`);
}

void test('a file that kills each supervisor is found among innocent ones and put aside; they run', async () => {
  await using intakes = new Intakes();
  intakes.onAccept = poisoned;
  for (const name of ['a', 'b', 'poison', 'c', 'd']) intakes.drop(name);
  assert.equal(await livesUntilCalm(intakes, 9), 4, 'three that read all, one that reads each by itself');
  assert.deepEqual(intakes.accepted.toSorted(), ['a', 'b', 'c', 'd']);
  assert.deepEqual([intakes.rejected, intakes.left], [['poison POISONOUS'], []]);
  const reason = readFileSync(join(intakes.paths.rejected, 'poison.reason.json'), 'utf8');
  assert.equal((JSON.parse(reason) as Reason).message, '4 supervisors have ended while they read it');
  assert.match(readFileSync(join(intakes.paths.rejected, 'poison'), 'utf8'), /^id: poison$/m, 'as it was');
});

void test('however many poisonous files there are, among however many others, each is put aside and the others run', async () => {
  const property = fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 6 }), fc.nat(3), async (poisonous, late) => {
    await using intakes = new Intakes();
    let deaths = 0;
    intakes.onAccept = (drops, accept) => {
      if (!drops.some(isPoison)) return accept();
      deaths += 1;
      // Somebody goes on dropping files meanwhile.
      if (deaths === late) intakes.drop('late');
      throw new Death();
    };
    const names = poisonous.map((poison, index) => `${poison ? 'poison' : 'job'}-${index}`);
    for (const name of names) intakes.drop(name);
    const poisons = names.filter((name) => name.startsWith('poison'));
    await livesUntilCalm(intakes, 3 + poisons.length);
    const innocent = [
      ...names.filter((name) => !poisons.includes(name)),
      ...(late > 0 && deaths >= late ? ['late'] : []),
    ];
    assert.deepEqual(intakes.accepted.toSorted(), innocent.toSorted(), 'each once');
    assert.deepEqual(intakes.rejected, poisons.map((name) => `${name} POISONOUS`).toSorted());
    assert.deepEqual(intakes.left, []);
  });
  await fc.assert(property, { numRuns: 25 });
});

void test('files under which supervisors died for another reason are all accepted, each once', async () => {
  await using intakes = new Intakes();
  const names = ['a', 'b', 'c'];
  for (const name of names) intakes.drop(name);
  let deaths = 0;
  intakes.onAccept = async (_drops, accept) => {
    deaths += 1;
    // Before or after the ledger has them.
    if (deaths === 1 || deaths === 3) throw new Death();
    const answers = await accept();
    if (deaths === 2) throw new Death();
    return answers;
  };
  assert.equal(await livesUntilCalm(intakes, 9), 3);
  assert.deepEqual([intakes.rejected, intakes.left], [[], []]);
  assert.deepEqual(intakes.accepted, [], 'the second has accepted them, and could not tell it any more');
  assert.equal(intakes.waiting, 3);
});

void test('a file is not poisonous because the ledger refused, and the supervisor was stopped, while it was read', async () => {
  await using intakes = new Intakes();
  intakes.drop('large');
  intakes.onAccept = () => Promise.reject(new LedgerRefusal('database or disk is full'));
  for (let stops = 0; stops < 4; stops += 1) {
    const intake = await intakes.next();
    await intake.recover();
    await assert.rejects(intake.look(), LedgerRefusal);
    await intake.stop();
  }
  intakes.onAccept = (_drops, accept) => accept();
  await livesUntilCalm(intakes, 0);
  assert.deepEqual([intakes.accepted, intakes.rejected], [['large'], []]);
});
