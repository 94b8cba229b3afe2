import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const script = `#!/bin/bash
set -euo pipefail
load() {
  test -s rows.csv
  grep -q "^id;" rows.csv
}
echo 'name;price' >rows.csv
if false; then :; fi
load
echo never
`;

void suite('a bash script that ends by set -e', () => {
  let receiver: Receiver;
  let supervisor: SupervisorProcess;
  before(async () => {
    receiver = await Receiver.listen();
    supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  });
  after(async () => {
    await supervisor[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  const crash = async (id: string, keys: Readonly<Record<string, unknown>>) => {
    const outcome = await supervisor.run({ id, ...keys });
    return { outcome, event: (await receiver.event(outcome.sentry?.eventId ?? '')).event };
  };

  void test('has the line of the command that failed, and the calls that led there', async () => {
    const { outcome, event } = await crash('silent', { script });
    assert.equal(outcome.reason, 'BashError: grep -q "^id;" rows.csv: exit status 1');
    const [exception] = event.exception?.values ?? [];
    assert.deepEqual(
      exception?.stacktrace?.frames.map(({ filename, lineno, function: name }) => [filename, lineno, name]),
      [
        ['script', 9, 'main'],
        ['script', 5, 'load'],
      ],
    );
  });

  void test('says what its command has printed', async () => {
    const { outcome } = await crash('words', { script: '#!/bin/bash\nset -e\nsh -c "echo disk full >&2; exit 7"\n' });
    assert.equal(outcome.reason, 'BashError: sh -c "echo disk full >&2; exit 7": disk full');
  });

  void test('and a script that exits by itself is told as before', async () => {
    const { outcome } = await crash('itself', { script: '#!/bin/bash\nfalse\necho no rows >&2\nexit 3\n' });
    assert.equal(outcome.reason, 'exited with 3: no rows');
  });

  void test('what a program of another language has told counts for more', async () => {
    const { outcome } = await crash('python', { script: '#!/bin/bash\nset -e\npython3 -c "int(\'x\')"\n' });
    assert.match(outcome.reason ?? '', /^ValueError: invalid literal/);
  });

  void test('a failure of an earlier step is forgotten, and nothing is left behind', async () => {
    const steps = [{ command: ['bash', '-c', 'false; true'] }, { command: ['sh', '-c', 'exit 1'] }];
    const { outcome } = await crash('steps', { steps });
    assert.equal(outcome.reason, 'exited with 1');
    assert.deepEqual(
      supervisor.root.names('lib/jobs/silent').filter((name) => !name.endsWith('.log')),
      [],
    );
  });

  void test('a verifier that ends so with 1 rejects, as ever', async () => {
    const outcome = await supervisor.run({
      id: 'verdict',
      run: 'true',
      verify: { script: '#!/bin/bash\nset -e\nfalse\n' },
    });
    assert.equal(outcome.outcome, 'rejected');
  });
});
