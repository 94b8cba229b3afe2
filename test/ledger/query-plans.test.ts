import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTexts } from '../../src/ledger/commands.ts';
import { laneTexts } from '../../src/ledger/lanes.ts';
import { needTexts } from '../../src/ledger/needs.ts';
import { openLedgerFile } from '../../src/ledger/open.ts';
import { statementTexts } from '../../src/ledger/statements.ts';
import { openLedger } from './opened.ts';

/** They look at every open job: once after a change of the configuration; and at those that are counted. */
const exempt = new Set(['rankAll', 'contested', 'counts']);
/** Sorted are the verifiers of one pipeline, or what waits in one lane of somebody who asks. */
const sorted = new Set(['verdictsOf', 'list', 'lanes', 'expired']);

const all = { ...statementTexts, ...laneTexts, ...needTexts, ...commandTexts };

void test('no statement that runs for a job looks at all the others, or sorts them', async () => {
  await using opened = openLedger();
  const path = opened.path;
  opened.close(opened.queue);
  const database = openLedgerFile(path);
  try {
    let looked = 0;
    for (const [name, sql] of Object.entries(all)) {
      if (exempt.has(name)) continue;
      const parameters = Object.fromEntries([...sql.matchAll(/\?(\d+)/g)].map(([, number]) => [Number(number), null]));
      const statement = database.prepare(`EXPLAIN QUERY PLAN ${sql}`);
      const plan = (Object.keys(parameters).length > 0 ? statement.all(parameters) : statement.all()).map(
        ({ detail }) => String(detail),
      );
      for (const step of plan) {
        assert.doesNotMatch(step, /^SCAN (?:job|attempt|need|start|lane|delivery)\b/, `${name}: ${plan.join('; ')}`);
        if (!sorted.has(name.split(' ', 1)[0] ?? ''))
          assert.doesNotMatch(step, /TEMP B-TREE/, `${name}: ${plan.join('; ')}`);
      }
      looked += 1;
    }
    assert.ok(looked > 50, `${looked} statements`);
  } finally {
    database.close();
  }
});
