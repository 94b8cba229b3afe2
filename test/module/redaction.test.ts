import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const canary = 'kanari/"enVogel+7"';

void test('no value of secrets.env is in what a module hands over', async () => {
  await using receiver = await Receiver.listen();
  const root = await Root.make({ secrets: `SENTRY_DSN=${receiver.dsn}\nPGPASSWORD='${canary}'\n` });
  await root.write('elsewhere.txt', canary);
  await root.write(
    'etc/modules/leak.js',
    `import { readFileSync } from 'node:fs';
     export default (job) => {
       const secret = readFileSync(job.with, 'utf8');
       job.log.info('logged ' + secret, { secret });
       throw Object.assign(new Error('failed with ' + secret, { cause: new Error(secret) }), { secret, ['key ' + secret]: 1 });
     };`,
  );
  await using supervisor = await SupervisorProcess.start(root);
  const outcome = await supervisor.run({ id: 'leak', module: './leak.js', with: root.in('elsewhere.txt') });
  assert.match(outcome.reason ?? '', /^Error: failed with \[redacted/);
  const { event, raw } = await receiver.event(outcome.sentry?.eventId ?? '');
  assert.ok(event.breadcrumbs?.some(({ category, message }) => category === 'log' && message.startsWith('logged ')));
  assert.equal(event.exception?.values.length, 2);
  for (const text of [raw.toString(), JSON.stringify(outcome), supervisor.lines.map(({ text }) => text).join('\n')])
    assert.doesNotMatch(text, /kanari|enVogel/);
});
