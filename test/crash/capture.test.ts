import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mock, test } from 'node:test';
import { CrashCapture, type EnvelopeStore, isSampled } from '../../src/crash/capture.ts';
import { eventIdOf } from '../../src/crash/crash.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { parseEnvelope, type SentryEvent } from '../harness/envelope.ts';
import { crashOf, jobOf } from './crashes.ts';

const telemetry = {
  kind: 'on',
  dsn: 'https://abc@sentry.example/7',
  sampleRate: 1,
  release: 'shop@1',
  environment: 'test',
} as const;

/** Keeps what it is given, in memory. */
class Shelf implements EnvelopeStore {
  readonly stored: { readonly eventId: string; readonly envelope: Buffer }[] = [];

  async store(eventId: string, envelope: Buffer): Promise<void> {
    await Promise.resolve();
    this.stored.push({ eventId, envelope });
  }

  /** The event that was stored at this place, and the names of what is attached. */
  event(index = 0): { readonly event: SentryEvent; readonly attached: readonly string[] } {
    const envelope = parseEnvelope(this.stored[index]?.envelope ?? assert.fail('nothing was stored'));
    const item = envelope.items.find(({ header }) => header.type === 'event') ?? assert.fail('no event');
    const attached = envelope.items.flatMap(({ header }) =>
      header.type === 'attachment' ? [String(header.filename)] : [],
    );
    return { event: JSON.parse(item.payload.toString()) as SentryEvent, attached };
  }
}

void test('a crash is captured as one event, with its release, environment and output', async () => {
  const shelf = new Shelf();
  const capture = new CrashCapture(telemetry, shelf, new Redactor());
  const tails = [{ fileName: 'stderr.txt', data: Buffer.from([0xff, 0x0a, 0x7b, 0x0a]) }];
  const eventId = eventIdOf(jobOf(), 2);
  assert.deepEqual(await capture.captureCrash(crashOf({ tails })), { eventId, capture: 'captured' });
  assert.equal(shelf.stored.length, 1);
  const { event, attached } = shelf.event();
  assert.deepEqual([event.event_id, event.release, event.environment], [eventId, 'shop@1', 'test']);
  assert.equal(event.tags?.job_id, 'nightly-1');
  assert.deepEqual(attached, ['stderr.txt']);
  assert.doesNotMatch(
    shelf.stored[0]?.envelope.toString('latin1') ?? '',
    /abc@|"public_key"/,
    'no credential lies on the disk',
  );
});

void test('without a release there is none on the wire, whatever a CI system says', async () => {
  const shelf = new Shelf();
  process.env.GITHUB_SHA = 'deadbeef';
  try {
    await new CrashCapture({ ...telemetry, release: null }, shelf, new Redactor()).captureCrash(crashOf());
  } finally {
    delete process.env.GITHUB_SHA;
  }
  assert.equal('release' in shelf.event().event, false);
});

void test('the same crash twice in a row is captured twice, and another job’s crumbs stay with it', async () => {
  const shelf = new Shelf();
  const capture = new CrashCapture(telemetry, shelf, new Redactor());
  const jobs = Array.from({ length: 20 }, (_, index) => jobOf(`job-${index}`));
  const crumbOf = (message: string) => [{ at: jobOf().droppedAt, category: 'stderr', message, level: 'info' }] as const;
  await Promise.all(jobs.map((job) => capture.captureCrash(crashOf({ job, crumbs: crumbOf(job.id) }))));
  assert.equal(shelf.stored.length, 20);
  for (const index of jobs.keys()) {
    const { event } = shelf.event(index);
    assert.deepEqual(
      event.breadcrumbs?.map(({ message }) => message),
      [event.tags?.job_id],
    );
  }
});

void test('where an event cannot be made safe, the answer says why', async () => {
  const full = { store: () => Promise.reject(new Error('the outbox is full')) };
  const answer = await new CrashCapture(telemetry, full, new Redactor()).captureCrash(crashOf());
  assert.deepEqual(answer, { eventId: null, capture: 'failed', error: 'the outbox is full' });
});

void test('an event that sampling leaves out is left out each time', async () => {
  const shelf = new Shelf();
  const none = new CrashCapture({ ...telemetry, sampleRate: 0 }, shelf, new Redactor());
  for (let tries = 0; tries < 3; tries += 1)
    assert.deepEqual(await none.captureCrash(crashOf()), { eventId: null, capture: 'sampled-out' });
  assert.deepEqual(shelf.stored, []);
});

void test('a sample rate keeps that share of the events, and always the same ones', () => {
  const ids = Array.from({ length: 4000 }, (_, index) =>
    createHash('sha256').update(`${index}`).digest('hex').slice(0, 32),
  );
  const keptAt = (rate: number): string[] => ids.filter((id) => isSampled(id, rate));
  assert.deepEqual([keptAt(0).length, keptAt(1).length], [0, ids.length]);
  assert.ok(isSampled('f'.repeat(32), 1) && !isSampled('0'.repeat(32), 0));
  const quarter = keptAt(0.25);
  assert.ok(quarter.length > 900 && quarter.length < 1100, `${quarter.length} of 4000`);
  assert.deepEqual(keptAt(0.25), quarter);
  const half = new Set(keptAt(0.5));
  assert.ok(
    quarter.every((id) => half.has(id)),
    'a higher rate only adds',
  );
});

void test('a defect of Booty itself is captured as one', async () => {
  const shelf = new Shelf();
  const answer = await new CrashCapture(telemetry, shelf, new Redactor()).captureDefect(new TypeError('broken'));
  const { event } = shelf.event();
  assert.equal(answer.capture, 'captured');
  assert.equal(event.event_id, answer.eventId);
  assert.deepEqual([event.level, event.tags?.supervisor], ['fatal', 'true']);
  const [exception] = event.exception?.values ?? [];
  assert.deepEqual([exception?.type, exception?.value], ['TypeError', 'broken']);
  assert.deepEqual(exception?.mechanism, { type: 'booty.supervisor', handled: false });
});

void test('a disk that takes a minute for an event keeps it all the same, and its crash is told as captured', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  try {
    const asked = Promise.withResolvers<void>();
    const safe = Promise.withResolvers<void>();
    const store = () => {
      asked.resolve();
      return safe.promise;
    };
    const captured = new CrashCapture(telemetry, { store }, new Redactor()).captureCrash(crashOf());
    await asked.promise;
    for (let second = 0; second < 60; second += 1) mock.timers.tick(1000);
    safe.resolve();
    assert.equal((await captured).capture, 'captured');
  } finally {
    mock.timers.reset();
  }
});
