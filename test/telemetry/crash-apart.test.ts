import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Received } from '../harness/received.ts';
import { Receiver } from '../harness/receiver.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const ids = Array.from({ length: 20 }, (_, index) => `storm-${String(index).padStart(2, '0')}`);

/** All of them stand still until the last one runs, then all crash together. */
const jobOf = (id: string, meeting: string) => ({
  id,
  name: `name-of-${id}`,
  steps: [
    {
      name: `meet-${id}`,
      run: `echo "${id} is here"; : > ${meeting}/${id}; until [ -e ${meeting}/${ids.at(-1)} ]; do sleep 0.02; done`,
    },
    { name: `fall-${id}`, run: `echo "${id} says" >&2; echo "Error: ${id} fell" >&2; exit 4` },
  ],
});

void test('twenty jobs that crash together: each event has its own job’s context, and nothing of another’s', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({
    dsn: receiver.dsn,
    config: `concurrency: { pipeline: ${ids.length} }`,
  });
  await Promise.all(ids.map((id) => supervisor.root.dropJob(jobOf(id, supervisor.root.path))));
  const outcomes = await Promise.all(ids.map((id) => supervisor.outcome(id)));
  await receiver.count(ids.length);
  for (const outcome of outcomes) {
    const received = await receiver.event(outcome.sentry?.eventId ?? '');
    assert.equal(received.event.tags?.job_id, outcome.id);
    assert.deepEqual(jobsNamedIn(received), [outcome.id]);
    assert.deepEqual(crumbsOf(received), [
      `accepted pipeline name-of-${outcome.id}`,
      'attempt 1 started',
      `meet-${outcome.id} succeeded`,
      `${outcome.id} says`,
      `Error: ${outcome.id} fell`,
      `fall-${outcome.id} exited with 4`,
    ]);
    assert.equal(tailOf(received, 'stderr.txt'), `${outcome.id} says\nError: ${outcome.id} fell\n`);
    assert.equal(tailOf(received, 'stdout.txt'), `${outcome.id} is here\n`);
  }
  await supervisor.stop();
  assert.equal(receiver.events.length, ids.length);
  assert.ok(overlap(outcomes.map(({ startedAt, endedAt }) => [startedAt ?? '', endedAt])), 'they did not run together');
});

/** The meeting file is named in the shell's line of each: what counts is every other mention. */
function jobsNamedIn({ raw }: Received): string[] {
  const text = raw.toString().replaceAll(/\/storm-\d\d(?= )/g, '');
  return [...new Set(text.match(/storm-\d\d/g))];
}

const crumbsOf = ({ event }: Received): string[] =>
  (event.breadcrumbs ?? []).map(({ message }) => message.replace(/ after \d.*$/, ''));

const tailOf = ({ attachments }: Received, name: string): string | undefined =>
  attachments.find(({ filename }) => filename === name)?.data.toString();

/** Whether all of the spans have a moment in common. RFC 3339 times of one zone sort as text. */
function overlap(spans: readonly (readonly [string, string])[]): boolean {
  const lastStart =
    spans
      .map(([start]) => start)
      .sort()
      .at(-1) ?? '';
  const firstEnd = spans.map(([, end]) => end).sort()[0] ?? '';
  return lastStart <= firstEnd;
}
