import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import type { GithubTarget } from '../../src/job/report.ts';
import { milliseconds } from '../../src/job/units.ts';
import type { Delivery } from '../../src/report/delivery.ts';
import { GithubComments } from '../../src/report/github.ts';
import { FakeGithub, type GithubFault } from '../harness/fake-github.ts';
import { recordOf } from './records.ts';

const target: GithubTarget = {
  kind: 'github',
  owner: 'acme',
  repository: 'shop',
  issue: 12,
  secret: 'GITHUB_TOKEN',
  timeoutMs: milliseconds(2000),
};
const attempt = { id: 'msg_1', number: 1, signal: new AbortController().signal };

interface Scene extends AsyncDisposable {
  readonly github: FakeGithub;
  /** By a supervisor that has not talked to GitHub before, or by the one that did last. */
  report(changes?: Partial<OutcomeRecord>, by?: 'another' | 'same', secret?: string): Promise<Delivery>;
}

async function open(log: string | null = null): Promise<Scene> {
  const github = await FakeGithub.listen();
  const start = (): GithubComments =>
    new GithubComments({
      api: () => github.url,
      secretOf: (name) => (name === 'GITHUB_TOKEN' ? 'ghp_token' : null),
      logTail: () => log,
      redact: (text) => text.replaceAll('hunter22', '[redacted]'),
      host: 'db1',
    });
  let comments = start();
  return {
    github,
    report: (changes = {}, by = 'another', secret = 'GITHUB_TOKEN') => {
      if (by === 'another') comments = start();
      return comments.deliver(recordOf(changes), { ...target, secret }, attempt);
    },
    [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
  };
}

const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}, message = 'no'): (() => GithubFault) =>
  () => ({
    kind: 'answer',
    status,
    headers,
    message,
  });

void test('a job comments once, and the next of its name edits that comment', async () => {
  await using scene = await open('boom\n');
  const { github } = scene;
  github.add('I see this too', 'somebody');
  assert.equal((await scene.report()).kind, 'made');
  assert.equal((await scene.report({ id: 'nightly-2', reason: 'KeyError: x' })).kind, 'made');
  assert.equal((await scene.report({ id: 'nightly-3', outcome: 'succeeded', reason: null }, 'same')).kind, 'made');
  assert.equal(github.comments.length, 2);
  assert.match(github.comments[1]?.body ?? '', /^<!-- booty:nightly -->\n### ` nightly ` succeeded/);
  assert.match(github.comments[1]?.body ?? '', /nightly-3[\s\S]*boom/);
  assert.equal(github.requests.filter((request) => request.startsWith('POST')).length, 1);
  assert.deepEqual([...github.authorizations], ['token ghp_token']);
});

void test('jobs of two names have a comment each', async () => {
  await using scene = await open();
  await scene.report();
  await scene.report({ name: 'weekly' });
  await scene.report({ name: 'nightly' });
  assert.equal(scene.github.comments.length, 2);
});

void test('a comment whose creation was not answered is found again, and edited', async () => {
  for (const kind of ['lost', 'cut'] as const) {
    await using scene = await open();
    const { github } = scene;
    github.fault = (request) => (request.startsWith('POST') ? { kind } : null);
    const first = await scene.report();
    assert.ok(first.kind === 'delayed' && first.of === 'route', `${kind} ${JSON.stringify(first)}`);
    github.fault = () => null;
    for (const by of ['same', 'another'] as const) assert.equal((await scene.report({}, by)).kind, 'made');
    assert.equal(github.comments.length, 1, kind);
  }
});

void test('a list of comments that was cut off does not make another comment', async () => {
  await using scene = await open();
  await scene.report();
  scene.github.fault = (request) => (request.startsWith('GET /repos') ? { kind: 'cut' } : null);
  assert.equal((await scene.report()).kind, 'delayed');
  assert.equal(scene.github.comments.length, 1);
});

void test('a comment that somebody deleted is made again', async () => {
  await using scene = await open();
  await scene.report();
  scene.github.comments = [];
  assert.equal((await scene.report({}, 'same')).kind, 'made');
  assert.equal(scene.github.comments.length, 1);
});

void test('it is found among hundreds of others', async () => {
  await using scene = await open();
  for (let count = 0; count < 120; count += 1) scene.github.add('+1', 'somebody');
  await scene.report();
  for (let count = 0; count < 120; count += 1) scene.github.add('+1', 'somebody');
  assert.equal((await scene.report({ id: 'nightly-2' })).kind, 'made');
  assert.equal(scene.github.comments.filter(({ body }) => body.includes('booty:')).length, 1);
});

void test('a comment of somebody else is left alone, whatever it says', async () => {
  await using scene = await open();
  const { github } = scene;
  const marker = '<!-- booty:nightly -->';
  const theirs = [github.add(`${marker}\nmine`, 'mallory'), github.add(`> ${marker}`, 'booty-bot')];
  await scene.report();
  await scene.report();
  assert.equal(github.comments.length, 3);
  assert.deepEqual(
    github.comments.slice(0, 2).map(({ id, body }) => [id, body]),
    [
      [theirs[0], `${marker}\nmine`],
      [theirs[1], `> ${marker}`],
    ],
  );
});

void test('the token of an app, which may not ask who it is, edits what an app has written', async () => {
  await using scene = await open();
  scene.github.login = null;
  scene.github.add('<!-- booty:nightly -->\nmine', 'mallory');
  await scene.report();
  await scene.report();
  assert.equal(scene.github.comments.length, 2);
  assert.equal(scene.github.comments[0]?.body, '<!-- booty:nightly -->\nmine');
});

void test('a rate limit while it asks who it is does not make another comment', async () => {
  await using scene = await open();
  await scene.report();
  const limit = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 60) };
  scene.github.fault = (request) => (request === 'GET /user' ? answers(403, limit)() : null);
  assert.equal((await scene.report()).kind, 'delayed');
  assert.equal(scene.github.comments.length, 1);
});

void test('rate limits are waited for as long as GitHub says', async () => {
  await using scene = await open();
  const { github } = scene;
  const pause = async (fault: () => GithubFault): Promise<number> => {
    github.fault = fault;
    const result = await scene.report();
    assert.ok(result.kind === 'delayed' && result.of === 'route', JSON.stringify(result));
    return Math.round((result.retryAfterMs ?? 0) / 1000);
  };
  const reset = String(Math.floor(Date.now() / 1000) + 600);
  const left = await pause(answers(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }));
  assert.ok(left > 590 && left <= 600, String(left));
  assert.equal(await pause(answers(403, { 'retry-after': '90' })), 90);
  assert.equal(await pause(answers(429, { 'retry-after': '30' })), 30);
  assert.equal(await pause(answers(403, {}, 'You have exceeded a secondary rate limit')), 60);
  assert.equal(github.comments.length, 0);
});

void test('what people can mend is tried again; what can never be is not', async () => {
  await using scene = await open();
  const decide = async (fault: () => GithubFault): Promise<string> => {
    scene.github.fault = fault;
    const result = await scene.report();
    return result.kind === 'delayed' ? `delayed ${result.of}` : result.kind;
  };
  assert.equal(await decide(answers(401, {}, 'Bad credentials')), 'delayed route');
  assert.equal(await decide(answers(403, {}, 'Resource not accessible')), 'delayed report');
  assert.equal(await decide(answers(404)), 'delayed report');
  assert.equal(await decide(answers(500)), 'delayed route');
  assert.equal(await decide(answers(301, { location: 'http://127.0.0.1:1/' })), 'delayed route');
  assert.equal(await decide(answers(410)), 'refused');
  assert.equal(await decide(answers(422)), 'refused');
  assert.equal(await decide(() => ({ kind: 'lost' })), 'delayed route');
});

void test('a GitHub that never answers is given up at the time limit', async () => {
  await using scene = await open();
  scene.github.fault = () => ({ kind: 'hang' });
  assert.deepEqual(await scene.report(), {
    kind: 'delayed',
    why: 'no answer within 2 s',
    retryAfterMs: null,
    of: 'route',
  });
});

void test('without its token nothing is sent', async () => {
  await using scene = await open();
  const result = await scene.report({}, 'another', 'OTHER_TOKEN');
  assert.ok(result.kind === 'delayed' && result.why === 'secrets.env has no OTHER_TOKEN');
  assert.deepEqual(scene.github.requests, []);
});

void test('no secret is in a comment', async () => {
  await using scene = await open('password hunter22\n');
  await scene.report();
  assert.match(scene.github.comments[0]?.body ?? '', /password \[redacted\]/);
});
