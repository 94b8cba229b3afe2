import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

void test('a file that its producer writes slowly runs whole, never in part', async () => {
  await using supervisor = await SupervisorProcess.start();
  const path = supervisor.root.in('spool/incoming/slow.yaml');
  // Its producer holds it open all the while, as a shell's redirection does.
  const producer = `exec > '${path}'; echo 'id: slow'; echo 'steps:'; echo '  - run: echo one'; sleep 0.7; echo '  - run: echo two'`;
  execFileSync('sh', ['-c', producer]);
  const outcome = await supervisor.outcome('slow');
  assert.equal(outcome.outcome, 'succeeded');
  assert.equal((await supervisor.root.booty('logs', 'slow')).stdout, 'one\ntwo\n');
});

void test('a file that grows by small appends is waited for', async () => {
  await using supervisor = await SupervisorProcess.start();
  const path = supervisor.root.in('spool/incoming/appended.yaml');
  writeFileSync(path, 'id: appended\nsteps:\n');
  for (let step = 1; step <= 10; step += 1) {
    appendFileSync(path, `  - run: echo ${step}\n`);
    await sleep(40);
  }
  await supervisor.outcome('appended');
  assert.equal((await supervisor.root.booty('logs', 'appended')).stdout.split('\n').length, 11);
});

void test('a file that cp writes, and one whose producer comes back under its name, both run', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  await root.write('copied.yaml', 'id: copied\nrun: "true"\n');
  execFileSync('cp', [root.in('copied.yaml'), root.in('spool/incoming/copied.yaml')]);
  await supervisor.outcome('copied');
  for (let number = 0; number < 20; number += 1)
    await supervisor
      .drop('same.yaml', `id: same-${number}\nrun: "true"\n`)
      .then(() => supervisor.line({ kind: 'job.accepted', id: `same-${number}` }));
  for (let number = 0; number < 20; number += 1) await supervisor.outcome(`same-${number}`);
});

void test('a file that is replaced as it is taken is one of its versions, never a mixture', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  const path = root.in('spool/incoming/replaced.yaml');
  const temporary = root.in('spool/incoming/.replacement');
  const versions = 500;
  for (let number = 0; number < versions; number += 1) {
    if (number % 7 === 3) symlinkSync('/etc/passwd', temporary);
    else
      writeFileSync(
        temporary,
        `id: version-${number}\nenv: { A: "${number}" }\nrun: test "$BOOTY_JOB_ID" = "version-$A"\n`,
      );
    renameSync(temporary, path);
  }
  const outcome = await supervisor.outcome(`version-${versions - 1}`);
  assert.equal(outcome.outcome, 'succeeded');
  for (const line of supervisor.linesOf({ kind: 'job.accepted' }))
    assert.equal((await supervisor.outcome(String(line.fields.id))).outcome, 'succeeded');
  for (const line of supervisor.linesOf({ kind: 'job.refused' })) assert.equal(line.fields.code, 'FILE_TYPE');
});

void test('a thousand files at once are all accepted, each once', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'concurrency: { pipeline: 1 }\n' });
  const { root } = supervisor;
  const count = 1000;
  for (let number = 0; number < count; number += 1)
    writeFileSync(root.in('spool/incoming', `.${number}`), `id: job-${number}\nrun: "true"\n`);
  for (let number = 0; number < count; number += 1)
    renameSync(root.in('spool/incoming', `.${number}`), root.in('spool/incoming', `${number}.yaml`));
  const left = () =>
    readdirSync(root.in('spool/incoming')).length + readdirSync(root.in('spool/incoming/.claimed')).length;
  await poll('an empty spool', () => left() === 1 || null);
  const listed = JSON.parse((await root.booty('list', '--json', '--limit', '2000')).stdout) as {
    readonly id: string;
  }[];
  assert.equal(new Set(listed.map(({ id }) => id)).size, count);
  assert.equal(listed.length, count);
});
