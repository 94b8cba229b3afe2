import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Kitchen } from './kitchen.ts';
import { Page } from './page.ts';

/** A database, and a store that may lose the end of what it is given. */
async function openBackup(): Promise<Kitchen> {
  const kitchen = await Kitchen.open(new Page('docs/recipes/backup.md'));
  await kitchen.standIn(
    'pg_dump',
    'test ! -e "$HERE/db-is-down" || { echo "pg_dump: error: connection refused" >&2; exit 1; }\ncat "$HERE/db"',
  );
  await kitchen.standIn(
    'rclone',
    'from=$(echo "$2" | sed "s|^s3:backups|$HERE|"); to=$(echo "$3" | sed "s|^s3:backups|$HERE|")\n' +
      'test ! -e "$HERE/no-network" || [ "$from" = "$2" ] || exit 4\n' +
      'if [ -e "$HERE/cut-off" ]; then head -c 3 "$from" >"$to"; else cp "$from" "$to"; fi',
  );
  await kitchen.standIn('pg_restore', 'grep -q "^PGDMP" "$2" || { echo "not a dump" >&2; exit 1; }\ncat "$2"');
  await kitchen.root.write('srv/db', 'PGDMP\n3; 0 16 TABLE DATA public orders app\n');
  await kitchen.put('backup.yaml', kitchen.job('backup.yaml'));
  return kitchen;
}

void test('docs/recipes/backup.md: it succeeds once the upload is known to be whole, and tells what is not', async () => {
  await using kitchen = await openBackup();
  const run = kitchen.lines();
  assert.equal((await kitchen.sh(run)).status, 0);
  await kitchen.root.write('srv/cut-off', '');
  const cut = await kitchen.sh(run);
  assert.equal(cut.status, 3, cut.stderr);
  assert.match(cut.stderr, /the upload is no archive/);
  await kitchen.sh(`rm ${kitchen.root.in('srv/cut-off')}`);
  await kitchen.root.write('srv/db', 'PGDMP\n');
  assert.match((await kitchen.sh(run)).stderr, /the table orders is not in it/);
});

void test('docs/recipes/backup.md: a dump that fails is a crash of that step, and so is what cannot be fetched', async () => {
  await using kitchen = await openBackup();
  await kitchen.root.write('srv/no-network', '');
  await kitchen.supervisor.drop('unfetched.yaml', kitchen.job('backup.yaml', { id: 'unfetched' }));
  const unfetched = await kitchen.outcome('unfetched');
  assert.equal(unfetched.outcome, 'crashed');
  assert.match(unfetched.reason ?? '', /^its verifier crashed: /);
  await kitchen.root.write('srv/db-is-down', '');
  await kitchen.supervisor.drop('undumped.yaml', kitchen.job('backup.yaml', { id: 'undumped' }));
  const undumped = await kitchen.outcome('undumped');
  assert.deepEqual([undumped.outcome, undumped.step, undumped.verdicts], ['crashed', 'dump', []]);
});

void test('docs/recipes/javascript.md: the handler puts out a total, and what it throws reaches Sentry whole', async () => {
  const page = new Page('docs/recipes/javascript.md');
  await using receiver = await Receiver.listen();
  await using kitchen = await Kitchen.open(page, { dsn: receiver.dsn });
  await kitchen.root.write('etc/modules/handle-order.mjs', kitchen.file('handle-order.mjs'));
  const job = page.blocks.find(({ language }) => language === 'json')?.code ?? '';
  await kitchen.supervisor.drop('order-5.json', job);
  assert.deepEqual((await kitchen.outcome('order-5')).outputs, { total: '42' });
  await kitchen.supervisor.drop('order-6.json', job.replace('order-5', 'order-6').replace('[10, 32]', '[10, -10]'));
  const { outcome, sentry } = await kitchen.outcome('order-6');
  assert.equal(outcome, 'crashed');
  const { event } = await receiver.event(sentry?.eventId ?? '');
  const told = JSON.stringify(event);
  for (const part of ['nothing to charge', 'RangeError', 'the total is 0', 'handling', 'handle-order.mjs'])
    assert.ok(told.includes(part), part);
});
