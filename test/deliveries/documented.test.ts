import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { parseJobFile } from '../../src/job/parse.ts';
import { reportOutcomes } from '../../src/job/report.ts';
import { delaysOf, leastTries } from '../../src/report/backoff.ts';
import { FakeGithub } from '../harness/fake-github.ts';
import { endWithUs } from '../harness/program.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const home = join(import.meta.dirname, '../..');
const page = readFileSync(join(home, 'docs/REPORTS.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);
const configs = blocks('yaml').filter((text) => text.startsWith('# booty.yaml\n'));
const jobs = blocks('yaml').filter((text) => text.startsWith('# a job file\n'));

void test('every example of the page on reports is understood', () => {
  assert.deepEqual([configs.length, jobs.length], [3, 1]);
  for (const text of configs) assert.deepEqual(readConfig(Buffer.from(text)).problems, [], text);
  const { config } = readConfig(Buffer.from(configs.join('')));
  const parsed = parseJobFile(
    { fileName: 'job.yaml', content: Buffer.from(jobs[0] ?? ''), executable: false },
    config.defaults,
  );
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.equal(parsed.value.spec.report.length, 4);
});

void test('what the page says of outcomes and tries is so', () => {
  for (const outcome of reportOutcomes) assert.ok(page.includes(`\`${outcome}\``), outcome);
  const told = delaysOf.webhook.map((ms) =>
    ms < 60_000 ? `${ms / 1000} s` : ms < 3_600_000 ? `${ms / 60_000} m` : `${ms / 3_600_000} h`,
  );
  assert.ok(page.includes(`${told.slice(0, -1).join(', ')} and ${told.at(-1)} after each other`), told.join());
  assert.ok(page.includes(`${delaysOf.webhook.length + 1} tries in three days`));
  assert.equal(leastTries, 5);
  assert.equal(delaysOf.command.length + 1, 5);
});

void test('the receiver of the page on reports gets the job of that page', async () => {
  const key = `whsec_${Buffer.from('a key of twenty-four byt').toString('base64')}`;
  const port = await freePort();
  const receiver = spawn(process.execPath, ['--input-type=module', '--eval', blocks('js')[0] ?? ''], {
    cwd: home,
    env: { PATH: process.env.PATH, HOOK_SECRET: key, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithUs(receiver);
  await using github = await FakeGithub.listen();
  await using root = await Root.make({ secrets: `HOOK_SECRET=${key}\nGITHUB_TOKEN=ghp_0123456789abcdefghij\n` });
  const here = (text: string): string =>
    text
      .replaceAll('https://hooks.example.com', `http://127.0.0.1:${port}`)
      .replaceAll('https://github.example.com/api/v3', github.url)
      .replaceAll('/usr/local/bin/notify, --channel, ops', '/bin/echo, --channel, ops')
      .replace('pg_dump -Fc app > app.dump', 'exit 3');
  await root.write('etc/booty.yaml', here(configs.filter((text) => !text.includes('defaults:')).join('')));
  await using supervisor = await SupervisorProcess.start(root);
  const printed = once(createInterface({ input: receiver.stdout }), 'line') as Promise<[string]>;
  await supervisor.drop('backup.yaml', here(jobs[0] ?? ''));
  assert.match((await printed)[0], /^nightly-backup-\S+ crashed exited with 3/);
  await supervisor.line({ kind: 'report.made', to: `webhook 127.0.0.1:${port}` });
  await supervisor.line({ kind: 'report.made', to: 'command /bin/echo', note: '--channel ops' });
  await supervisor.line({ kind: 'report.made', to: 'github acme/shop#12' });
  assert.equal(github.comments.length, 1);
  receiver.kill();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
