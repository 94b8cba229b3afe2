import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Outcome } from '../../src/job/outcome.ts';
import { type JobFilter, selectNewest, selectNewestSlowly } from '../../src/ledger/filter.ts';
import { jobStates } from '../../src/ledger/rows.ts';
import { openLedger } from './opened.ts';

const outcomes: readonly (Outcome | undefined)[] = [
  'succeeded',
  'rejected',
  'crashed',
  'cancelled',
  'skipped',
  undefined,
];
const filters: readonly Omit<JobFilter, 'limit'>[] = [...jobStates, undefined].flatMap((state) =>
  outcomes.flatMap((outcome) =>
    (['pipeline', 'verifier', undefined] as const).flatMap((kind) =>
      ['a', 'b', 'nobody', undefined].map((name) => ({ state, outcome, kind, name })),
    ),
  ),
);

/** Jobs of each state, outcome, kind and name, and some that wait for a time. */
const mixed = `
  WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000),
    mixed AS (SELECT n, (n * 7919 + n / 11) % 11 AS what FROM number)
  INSERT INTO job (id, name, kind, state, priority, spec, drop_token, file_name, dropped_by, dropped_at, accepted_at, ended_at, due_at, outcome, record)
  SELECT 'job-' || n, CASE n % 7 WHEN 0 THEN 'b' ELSE 'a' END, CASE WHEN n % 13 < 3 THEN 'verifier' ELSE 'pipeline' END,
    CASE what WHEN 0 THEN 'waiting' WHEN 1 THEN 'waiting' WHEN 2 THEN 'running' WHEN 3 THEN 'verifying' ELSE 'ended' END,
    0, '{}', '', '', 0, 0, 0, iif(what > 3, 1000 - n, NULL), iif(what = 1, n, NULL),
    CASE what WHEN 4 THEN 'rejected' WHEN 5 THEN 'crashed' WHEN 6 THEN 'cancelled' WHEN 7 THEN 'skipped' ELSE iif(what > 3, 'succeeded', NULL) END,
    iif(what > 3, '{}', NULL) FROM mixed`;

void test('whatever is asked for, the newest of those that match are found, and no others', async () => {
  await using opened = openLedger();
  opened.close(opened.queue);
  using database = new DatabaseSync(opened.path);
  database.exec(mixed);
  let found = 0;
  for (const filter of filters) {
    for (const limit of [1, 7, 2000]) {
      const [quick, slow] = [selectNewest({ ...filter, limit }), selectNewestSlowly({ ...filter, limit })].map(
        ({ text, values }) =>
          database
            .prepare(text)
            .all(...values)
            .map(({ seq }) => seq),
      );
      assert.deepEqual(quick, slow, JSON.stringify({ ...filter, limit }));
      found += quick?.length ?? 0;
    }
  }
  assert.ok(found > 10_000, `${found} rows were compared`);
});

void test('no question looks at all jobs, or sorts more than what it answers', async () => {
  await using opened = openLedger();
  opened.close(opened.queue);
  using database = new DatabaseSync(opened.path);
  let searched = 0;
  for (const filter of filters) {
    if (Object.values(filter).every((value) => value === undefined)) continue;
    const { text, values } = selectNewest({ ...filter, limit: 9 });
    const steps = database
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all(...values)
      .map(({ detail }) => String(detail));
    const looks = steps.filter((step) => /\bjob\b/.test(step));
    const isNone = text.endsWith('LIMIT 0');
    for (const step of looks)
      if (!isNone)
        assert.match(step, /^SEARCH job USING (?:COVERING )?INDEX job_(?:waiting|active|open_name|ended_)/, text);
    searched += isNone ? 0 : looks.length;
  }
  assert.ok(searched > 300, `${searched} searches`);
});

void test('the totals are what a count of all rows would be, whatever happened', async () => {
  await using opened = openLedger();
  const { queue: ledger, path } = opened;
  using database = new DatabaseSync(path);
  database.exec(mixed);
  database.exec(`INSERT INTO log SELECT id, ended_at, seq FROM job WHERE state = 'ended'`);
  database.exec(
    `INSERT INTO log VALUES ('job-1', 0, 5) ON CONFLICT (job_id) DO UPDATE SET bytes = bytes + excluded.bytes`,
  );
  database.exec(`UPDATE job SET state = 'ended', outcome = 'succeeded', record = '{}' WHERE state = 'running'`);
  database.exec("DELETE FROM job WHERE state = 'ended' AND seq % 3 = 0; DELETE FROM log WHERE bytes % 5 = 0");
  const ended = Number(database.prepare(`SELECT count(*) AS count FROM job WHERE state = 'ended'`).get()?.count);
  const bytes = Number(database.prepare('SELECT sum(bytes) AS bytes FROM log').get()?.bytes);
  const totals = database
    .prepare('SELECT name, value FROM total ORDER BY name')
    .all()
    .map((row) => ({ ...row }));
  assert.deepEqual(totals, [
    { name: 'ended', value: ended },
    { name: 'log-bytes', value: bytes },
  ]);
  assert.ok(ended > 100);
  assert.equal(ledger.retention.logBytes(), bytes);
});
