import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decideReply, type NextStep, type Reply } from '../../src/outbox/reply.ts';

const nowMs = Date.UTC(2026, 10, 24);
const second = 1000;
const day = 86_400 * second;

interface Headers {
  readonly rateLimits?: string;
  readonly retryAfter?: string;
}

const answer = (status: number, { rateLimits, retryAfter }: Headers = {}): Reply => ({
  kind: 'answer',
  status,
  rateLimits: rateLimits ?? null,
  retryAfter: retryAfter ?? null,
});

const decide = (reply: Reply, { failures = 0, stripped = false, jitter = 1 } = {}): NextStep =>
  decideReply(reply, failures, stripped, jitter, nowMs);

const kept = (pauseMs: number, why: string) => ({ kind: 'keep', pauseMs, why });
const limited = (pauseMs: number) => kept(pauseMs, 'rate limited (429)');
const delivered = (pauseMs = 0) => ({ kind: 'delivered', pauseMs });
const dead = (status: number) => ({ kind: 'dead', why: `the server answered ${status}` });

const table: readonly (readonly [what: string, reply: Reply, next: object])[] = [
  ['accepted', answer(200), delivered()],
  ['accepted otherwise', answer(202), delivered()],
  ['accepted, and asked to wait', answer(200, { rateLimits: '60:error:organization' }), delivered(60 * second)],
  [
    'accepted, and asked to wait with something else',
    answer(200, { rateLimits: '60:transaction;span:key' }),
    delivered(),
  ],
  ['accepted, and Retry-After means nothing then', answer(200, { retryAfter: '60' }), delivered()],
  ['limited for a minute, where it does not say', answer(429), limited(60 * second)],
  ['limited in all categories', answer(429, { rateLimits: '30::organization' }), limited(30 * second)],
  [
    'limited for errors',
    answer(429, { rateLimits: '2700:default;error;security:organization:reason' }),
    limited(2700 * second),
  ],
  ['limited by default', answer(429, { rateLimits: '30:default:organization' }), limited(30 * second)],
  ['limited by several', answer(429, { rateLimits: '10:error:key, 90:error:org, 900:span:org' }), limited(90 * second)],
  ['limited for fractions', answer(429, { rateLimits: '1.5:error:key' }), limited(1500)],
  ['limited for something else', answer(429, { rateLimits: '900:span:key', retryAfter: '5' }), limited(5 * second)],
  ['limited by both headers', answer(429, { rateLimits: '30:error:key', retryAfter: '5' }), limited(30 * second)],
  ['limited by Retry-After in seconds', answer(429, { retryAfter: ' 120 ' }), limited(120 * second)],
  [
    'limited by Retry-After as a date',
    answer(429, { retryAfter: 'Tue, 24 Nov 2026 00:02:00 GMT' }),
    limited(120 * second),
  ],
  ['limited for more than a day', answer(429, { retryAfter: '9999999' }), limited(day)],
  ['limited until another century', answer(429, { retryAfter: 'Fri, 24 Nov 2126 00:00:00 GMT' }), limited(day)],
  ['limited for more than a day, by category', answer(429, { rateLimits: '9999999:error:key' }), limited(day)],
  ['limited by nonsense', answer(429, { rateLimits: 'soon:error', retryAfter: 'later' }), limited(60 * second)],
  ['limited by nothing', answer(429, { rateLimits: '', retryAfter: '' }), limited(60 * second)],
  ['too large', answer(413), { kind: 'strip' }],
  ...[500, 502, 503, 504, 599].map(
    (status) => [`broken (${status})`, answer(status), kept(1000, `the server answered ${status}`)] as const,
  ),
  ['too slow for the server', answer(408), kept(1000, 'the server answered 408')],
  ...[301, 302, 307, 308].map(
    (status) => [`redirected (${status})`, answer(status), kept(1000, `the server answered ${status}`)] as const,
  ),
  ...[401, 402, 403, 404, 405, 407, 410, 421, 451].map(
    (status) =>
      [
        `refused with all others (${status})`,
        answer(status),
        { kind: 'refused', why: `the server answered ${status}` },
      ] as const,
  ),
  ...[400, 409, 415, 422, 431].map((status) => [`refused (${status})`, answer(status), dead(status)] as const),
  ['not reached', { kind: 'unreachable', message: 'ECONNREFUSED' }, kept(1000, 'ECONNREFUSED')],
];

for (const [what, reply, next] of table)
  void test(`an event that is ${what} is followed up`, () => assert.deepEqual(decide(reply), next));

void test('an event that is too large without its attachments too is given up', () => {
  assert.deepEqual(decide(answer(413), { stripped: true }), {
    kind: 'dead',
    why: 'too large, even without attachments (413)',
  });
});

void test('the longer it fails, the rarer it is tried: from a second up to five minutes, never at the same time as others', () => {
  const pauses = Array.from({ length: 12 }, (_, failures) => decide(answer(503), { failures }));
  const pauseOf = (next: NextStep | undefined): number => (next?.kind === 'keep' ? next.pauseMs : assert.fail());
  assert.deepEqual(
    pauses.slice(0, 9).map(pauseOf),
    [1, 2, 4, 8, 16, 32, 64, 128, 256].map((seconds) => seconds * second),
  );
  assert.deepEqual(pauses.slice(9).map(pauseOf), [300 * second, 300 * second, 300 * second]);
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 1, noNaN: true }), (failures, jitter) => {
      for (const reply of [answer(500), { kind: 'unreachable', message: 'x' } as const]) {
        const most = pauseOf(decide(reply, { failures }));
        const pause = pauseOf(decide(reply, { failures, jitter }));
        assert.ok(pause >= most / 2 && pause <= most && Number.isInteger(pause), `${pause} of ${most}`);
      }
    }),
  );
});

void test('whatever a server answers, nothing waits for more than a day, and nothing is thrown', () => {
  const header = fc.option(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,12}(?::[a-z;]{0,9}){0,3}$/)), { nil: null });
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 999 }), header, header, (status, rateLimits, retryAfter) => {
      const next = decide({ kind: 'answer', status, rateLimits, retryAfter });
      if ('pauseMs' in next) assert.ok(next.pauseMs >= 0 && next.pauseMs <= day);
    }),
  );
});

void test('a server that says "at once" while it refuses is not asked again at once', () => {
  const headers: readonly Headers[] = [
    { retryAfter: '0' },
    { rateLimits: '0:error:key' },
    { retryAfter: 'Mon, 23 Nov 2026 00:00:00 GMT' },
  ];
  for (const given of headers) {
    const next = decide(answer(429, given));
    assert.ok(next.kind === 'keep' && next.pauseMs >= 500, JSON.stringify(next));
  }
});
