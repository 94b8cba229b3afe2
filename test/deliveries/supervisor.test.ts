import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { startTimeOf } from '../../src/run/processes.ts';
import { FakeGithub } from '../harness/fake-github.ts';
import { type HookBehaviour, HookReceiver, type HookRequest, ok } from '../harness/hook-receiver.ts';
import { randomOf } from '../harness/random.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const key = `whsec_${Buffer.from('a key of twenty-four byt').toString('base64')}`;
const token = 'ghp_0123456789abcdefghij';
const secrets = `HOOK_SECRET=${key}\nGITHUB_TOKEN=${token}\nDB_PASSWORD=correct-horse-battery\n`;

const configFor = (urls: readonly string[], more = ''): string => `
concurrency: { pipeline: 8 }
policy:
  webhooks: [${urls.map((url) => `"${url}/hooks/"`).join(', ')}]
  github: [acme/shop]
  reportCommands: allow
  reportSecrets: [HOOK_SECRET, GITHUB_TOKEN]
${more}`;

const bodyOf = (request: HookRequest | undefined): Record<string, unknown> =>
  JSON.parse(request?.body ?? '{}') as Record<string, unknown>;

void test('a webhook has what the outcome file has, signed, and comes after the crash is safe', async () => {
  await using sentry = await Receiver.listen();
  await using hook = await HookReceiver.listen();
  await using root = await Root.make({
    config: configFor([hook.url]),
    secrets: `${secrets}SENTRY_DSN=${sentry.dsn}\n`,
  });
  let known: readonly string[] = [];
  hook.behave = () => {
    known = [...root.outbox(), ...sentry.events.map(({ id }) => id)];
    return ok;
  };
  await using supervisor = await SupervisorProcess.start(root);
  const report = { webhook: `${hook.url}/hooks/booty`, secret: 'HOOK_SECRET' };
  const name = 'sync correct-horse-battery';
  const outcome = await supervisor.run({ id: 'boom', name, run: 'echo correct-horse-battery; exit 3', report });
  const [request] = await hook.count(1);
  assert.ok(request);
  assert.deepEqual(new Webhook(key).verify(request.body, { ...request.headers }), { type: 'job.ended', ...outcome });
  assert.ok(known.includes(outcome.sentry?.eventId ?? ''), 'captured before it is reported');
  assert.ok(!request.body.includes('correct-horse') && !request.body.includes(key));
  const line = await supervisor.line({ kind: 'report.made', id: 'boom' });
  assert.deepEqual([line.fields.report, line.fields.tries], [request.headers['webhook-id'], '1']);
  assert.match((await root.booty('show', 'boom')).stdout, /report +webhook 127\.0\.0\.1:\d+: made at .* after 1 try/);
  const shown = JSON.parse((await root.booty('show', 'boom', '--json')).stdout) as { reports: { state: string }[] };
  assert.deepEqual(
    shown.reports.map(({ state }) => state),
    ['made'],
  );
  assert.equal((await supervisor.run({ id: 'fine', run: 'true', report })).outcome, 'succeeded');
  assert.equal(hook.requests.length, 1);
});

void test('a supervisor that is killed between sending and noting sends again, under the same id', async () => {
  await using hook = await HookReceiver.listen();
  hook.behave = () => ({ kind: 'hang' });
  await using root = await Root.make({ config: configFor([hook.url]), secrets });
  await using dying = await SupervisorProcess.start(root);
  await dying.run({ id: 'boom', run: 'exit 3', report: { webhook: `${hook.url}/hooks/`, secret: 'HOOK_SECRET' } });
  await hook.count(1);
  assert.match((await root.booty('show', 'boom')).stdout, /report +webhook .*: owed after 1 try, the next now/);
  assert.match((await root.booty('status')).stdout, /reports +1 owed, oldest/);
  await dying.kill();
  hook.behave = () => ok;
  await using next = await SupervisorProcess.start(root);
  await next.line({ kind: 'report.made', id: 'boom', tries: '2' });
  assert.equal(hook.requests.length, 2);
  assert.equal(new Set(hook.requests.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.deepEqual(bodyOf(hook.requests[0]), bodyOf(hook.requests[1]));
  assert.doesNotMatch((await root.booty('status')).stdout, /reports/);
});

void test('over kills at any moment every end is told at least once, each under one id', {
  timeout: 180_000,
}, async (context) => {
  const random = randomOf(5);
  await using hook = await HookReceiver.listen();
  // A request that is not answered was not taken.
  const taken = new Set<unknown>();
  const take = (request: HookRequest): HookBehaviour => {
    taken.add(bodyOf(request).id);
    return ok;
  };
  hook.behave = (request) => (random() < 0.2 ? { kind: 'hang' } : take(request));
  await using root = await Root.make({ config: configFor([hook.url]), secrets });
  const ids = Array.from({ length: 80 }, (_, index) => `j${index}`);
  const report = { webhook: `${hook.url}/hooks/`, timeout: '2s' };
  let first = true;
  for (let kill = 0; kill < 4; kill += 1) {
    await using supervisor = await SupervisorProcess.start(root);
    if (first) for (const id of ids) await root.dropJob({ id, command: ['false'], report });
    first = false;
    const before = hook.requests.length;
    await hook.count(before + 1);
    await new Promise((resolve) => setTimeout(resolve, random() * 300));
    await supervisor.kill();
  }
  hook.behave = take;
  await using _last = await SupervisorProcess.start(root);
  const told = (): Map<unknown, Set<string | undefined>> => {
    const byJob = new Map<unknown, Set<string | undefined>>();
    for (const request of hook.requests) {
      const { id } = bodyOf(request);
      byJob.set(id, (byJob.get(id) ?? new Set()).add(request.headers['webhook-id']));
    }
    return byJob;
  };
  await poll('all to be told', () => taken.size === ids.length || null, { timeoutMs: 90_000, everyMs: 50 });
  assert.ok([...told().values()].every((of) => of.size === 1));
  assert.equal(new Set([...told().values()].flatMap((of) => [...of])).size, ids.length);
  context.diagnostic(`${hook.requests.length} requests for ${ids.length} ends`);
});

void test('a receiver that was down gets the report after a restart, and the outage is told once', async () => {
  const down = await HookReceiver.listen();
  const { port, url } = down;
  await down[Symbol.asyncDispose]();
  await using root = await Root.make({ config: configFor([url]), secrets });
  await using first = await SupervisorProcess.start(root);
  for (const id of ['a', 'b', 'c']) await first.run({ id, run: 'exit 3', report: { webhook: `${url}/hooks/` } });
  await first.line({ kind: 'report.delayed', why: 'ECONNREFUSED' });
  await first.stop();
  assert.equal(first.linesOf({ kind: 'report.delayed' }).length, 1);
  await using up = await HookReceiver.listen('http', port);
  await using _next = await SupervisorProcess.start(root);
  const requests = await up.count(3, 30_000);
  assert.deepEqual(new Set(requests.map((request) => bodyOf(request).id)), new Set(['a', 'b', 'c']));
});

void test('a stop does not wait for a receiver that hangs', async () => {
  await using hook = await HookReceiver.listen();
  hook.behave = () => ({ kind: 'hang' });
  await using supervisor = await SupervisorProcess.start({ config: configFor([hook.url]), secrets });
  await supervisor.run({ id: 'boom', run: 'exit 3', report: { webhook: `${hook.url}/hooks/`, timeout: '5m' } });
  await hook.count(1);
  const started = performance.now();
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
  assert.ok(performance.now() - started < 5000);
});

void test('a dropped file cannot make Booty call what booty.yaml does not name', async () => {
  await using hook = await HookReceiver.listen();
  await using supervisor = await SupervisorProcess.start({ config: configFor([hook.url]), secrets });
  const report = { webhook: `${hook.url}/hooks/../admin` };
  await supervisor.root.drop(
    'evil.yaml',
    `run: "true"\nreport:\n  - on: [succeeded]\n    webhook: ${report.webhook}\n`,
  );
  await supervisor.line({ kind: 'job.refused', file: 'evil.yaml', code: 'POLICY' });
  const reason = JSON.parse(readFileSync(supervisor.root.in('spool/rejected/evil.yaml.reason.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  assert.deepEqual([reason.code, reason.key, reason.line], ['POLICY', 'report[0].webhook', 4]);
  assert.match(String(reason.hint), /policy\.webhooks/);
  const file = supervisor.root.in('evil.json');
  await supervisor.root.write('evil.json', JSON.stringify({ run: 'true', report: { command: ['a'], ...report } }));
  assert.match((await supervisor.root.booty('submit', file)).stderr, /only one of webhook, command or github/);
  await supervisor.root.write('evil.json', JSON.stringify({ run: 'true', report }));
  const refused = await supervisor.root.booty('submit', file);
  assert.deepEqual([refused.status, /policy\.webhooks/.test(refused.stderr)], [1, true]);
  assert.equal(hook.requests.length, 0);
});

void test('booty.yaml may have every job reported, whatever dropped files may ask for', async () => {
  await using hook = await HookReceiver.listen();
  const config = `defaults: { report: { webhook: "${hook.url}/all", on: [succeeded, crashed] } }\n`;
  await using supervisor = await SupervisorProcess.start({ config });
  await supervisor.run({ id: 'a', run: 'true', verify: { run: 'true' } });
  await supervisor.drop('b', '#!/bin/sh\nexit 7\n');
  const requests = await hook.count(1);
  assert.deepEqual(
    requests.map((request) => bodyOf(request).id),
    ['a'],
  );
});

void test('a program on this machine is told, and finds the outcome file', async () => {
  await using supervisor = await SupervisorProcess.start({ config: configFor([]), secrets });
  const seen = supervisor.root.in('seen');
  const line = `cmp - "$BOOTY_OUTCOME_FILE" && echo "$BOOTY_JOB_ID $BOOTY_OUTCOME $DB_PASSWORD" >${seen}; echo told; exit 0`;
  await supervisor.run({ id: 'boom', run: 'exit 3', report: { command: ['sh', '-c', line] } });
  const made = await supervisor.line({ kind: 'report.made', id: 'boom' });
  assert.equal(made.fields.note, 'told');
  assert.equal(readFileSync(seen, 'utf8'), 'boom crashed \n');
});

void test('a program that was running when the supervisor was killed is ended, and run again under the same id', async () => {
  await using root = await Root.make({ config: configFor([]), secrets });
  const line = `echo "$$ $BOOTY_REPORT_ID" >>${root.in('runs')}; [ "$(wc -l <${root.in('runs')})" -gt 1 ] || sleep 600`;
  await using dying = await SupervisorProcess.start(root);
  await dying.run({ id: 'boom', run: 'exit 3', report: { command: ['sh', '-c', line] } });
  const runs = (): string[][] =>
    root.has('runs')
      ? readFileSync(root.in('runs'), 'utf8')
          .trim()
          .split('\n')
          .map((run) => run.split(' '))
      : [];
  await poll('its start', () => (runs().length > 0 && runs()[0]?.length === 2) || null);
  await dying.kill();
  const first = runs()[0]?.[0] ?? '';
  assert.notEqual(startTimeOf(Number(first)), null);
  await using next = await SupervisorProcess.start(root);
  await next.line({ kind: 'report.made', id: 'boom', tries: '2' });
  assert.equal(startTimeOf(Number(first)), null);
  assert.equal(new Set(runs().map(([, id]) => id)).size, 1);
});

void test('a crash is a comment on an issue, and the next run of the job edits it', async () => {
  await using github = await FakeGithub.listen();
  const config = configFor([], `reports: { githubApi: "${github.url}" }\n`);
  await using root = await Root.make({ config, secrets });
  await using supervisor = await SupervisorProcess.start(root);
  const job = { name: 'nightly', report: { github: 'acme/shop#12', on: ['succeeded', 'crashed'] } };
  await supervisor.run({ ...job, id: 'n1', run: `echo '@ops: \`\`\`'; echo pw correct-horse-battery; exit 3` });
  await supervisor.line({ kind: 'report.made', id: 'n1' });
  assert.equal(github.comments.length, 1);
  const [comment] = github.comments;
  assert.match(comment?.body ?? '', /^<!-- booty:nightly -->\n### ` nightly ` crashed \(exit-code\)/);
  assert.match(comment?.body ?? '', /````text\n@\u200bops: ```\npw \[redacted:DB_PASSWORD\]\n````/);
  await supervisor.run({ ...job, id: 'n2', run: 'true' });
  await supervisor.line({ kind: 'report.made', id: 'n2' });
  assert.equal(github.comments.length, 1);
  assert.match(comment?.body ?? '', /nightly ` succeeded/);
  assert.deepEqual([...github.authorizations], [`token ${token}`]);
  assert.ok(!supervisor.lines.some(({ raw }) => raw.includes(token)));
});

void test('a receiver that hangs slows down no job: a thousand of them', { timeout: 180_000 }, async (context) => {
  await using hook = await HookReceiver.listen();
  await using healthy = await HookReceiver.listen();
  hook.behave = () => ({ kind: 'hang' });
  const runs = async (report: readonly unknown[]): Promise<number> => {
    await using supervisor = await SupervisorProcess.start({ config: configFor([hook.url, healthy.url]), secrets });
    const started = performance.now();
    const drops = Array.from({ length: 1000 }, (_, index) => `j${index}`);
    await Promise.all(drops.map((id) => supervisor.root.dropJob({ id, command: ['false'], report })));
    await poll('a thousand outcomes', () => supervisor.root.names('spool/outcomes').length >= drops.length || null, {
      timeoutMs: 120_000,
      everyMs: 50,
    });
    const tookMs = performance.now() - started;
    if (report.length > 0) await healthy.count(drops.length, 60_000);
    return tookMs;
  };
  const alone = await runs([]);
  const reported = await runs([{ webhook: `${hook.url}/hooks/` }, { webhook: `${healthy.url}/hooks/` }]);
  context.diagnostic(
    `1000 jobs: ${Math.round(alone)} ms without reports, ${Math.round(reported)} ms with a receiver that hangs`,
  );
  assert.ok(reported < 2 * alone + 5000, `${alone} ms, ${reported} ms`);
  assert.ok(hook.requests.length <= 16, `${hook.requests.length} requests to the one that hangs`);
});
