import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytes, milliseconds } from '../../src/job/units.ts';
import { Delivery } from '../../src/outbox/delivery.ts';
import { envelopeEndpoint } from '../../src/outbox/endpoint.ts';
import { Outbox, type Waiting } from '../../src/outbox/outbox.ts';
import { Receiver } from '../harness/receiver.ts';
import { poll } from '../harness/waiting.ts';

const limits = { maxBytes: bytes(1000), maxAgeMs: milliseconds(60_000) };
const idOf = (index: number): string => index.toString(16).padStart(32, '0');
const oldestOf = (outbox: Outbox): Waiting => outbox.oldest() ?? assert.fail('nothing waits');

/** An outbox whose disk can be made to refuse everything, as a read-only one does. */
class TroubledOutbox implements Disposable {
  readonly outbox: Outbox;
  readonly states: unknown[] = [];
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), 'booty-outbox-'));
  readonly #path = join(this.#directory.path, 'outbox');

  constructor() {
    mkdirSync(this.#path);
    this.outbox = new Outbox(this.#path, limits, (failure) => this.states.push(failure));
  }

  refuse(): void {
    renameSync(this.#path, `${this.#path}.away`);
    writeFileSync(this.#path, '');
  }

  takeAgain(): void {
    rmSync(this.#path);
    renameSync(`${this.#path}.away`, this.#path);
  }

  /** Whether the last thing that was told is a refusal. */
  get isTold(): boolean {
    return this.states.at(-1) instanceof Error;
  }

  /** The ids of the envelopes on disk, those that were buried behind a slash. */
  get files(): string[] {
    return (readdirSync(this.#path, { recursive: true }) as string[])
      .filter((name) => name.endsWith('.envelope'))
      .map((name) => name.replace(/\d{13}-/, '').replace('.envelope', ''))
      .sort();
  }

  reopen(): Outbox {
    return new Outbox(this.#path, limits);
  }

  [Symbol.dispose](): void {
    this.#directory.remove();
  }
}

void test('an event that two waited to keep is kept, once there is room', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  opened.refuse();
  await assert.rejects(outbox.store(idOf(1), Buffer.from('x')));
  opened.takeAgain();
  // Whoever captured it tries again while the outbox does so by itself.
  await Promise.all([outbox.keepHeld(), outbox.store(idOf(1), Buffer.from('x')), outbox.keepHeld()]);
  assert.deepEqual(opened.files, [idOf(1)]);
  assert.equal(outbox.read(oldestOf(outbox))?.toString(), 'x');
  assert.equal(opened.reopen().count, 1);
});

void test('an event that was delivered while it was being kept is not there any more', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  opened.refuse();
  await assert.rejects(outbox.store(idOf(1), Buffer.from('x')));
  opened.takeAgain();
  const keeping = outbox.keepHeld();
  outbox.remove(oldestOf(outbox));
  await keeping;
  assert.deepEqual([opened.files, outbox.count], [[], 0]);
});

void test('a smaller form that came while the larger was being kept is the one that is kept', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  opened.refuse();
  await assert.rejects(outbox.store(idOf(1), Buffer.alloc(900)));
  outbox.replace(oldestOf(outbox), Buffer.alloc(500, 'm'));
  assert.equal(outbox.read(oldestOf(outbox))?.toString(), 'm'.repeat(500));
  opened.takeAgain();
  const keeping = outbox.keepHeld();
  outbox.replace(oldestOf(outbox), Buffer.alloc(100, 's'));
  await keeping;
  for (const one of [outbox, opened.reopen()]) assert.equal(one.read(oldestOf(one))?.toString(), 's'.repeat(100));
  await outbox.store(idOf(2), Buffer.alloc(900));
});

void test('what was delivered, and cannot be removed, goes when the disk lets it', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  await outbox.store(idOf(1), Buffer.alloc(1000));
  const waiting = oldestOf(outbox);
  opened.refuse();
  outbox.remove(waiting);
  assert.ok(opened.isTold);
  assert.equal(outbox.count, 0, 'and is not delivered again meanwhile');
  await outbox.keepHeld();
  assert.ok(opened.isTold);
  opened.takeAgain();
  assert.deepEqual(opened.files, [idOf(1)]);
  await outbox.keepHeld();
  assert.deepEqual([opened.files, opened.states.at(-1)], [[], null]);
});

void test('what Sentry will never take, and cannot be put aside, is put aside when the disk lets it', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  await outbox.store(idOf(1), Buffer.alloc(600));
  outbox.bury(oldestOf(outbox));
  await outbox.store(idOf(2), Buffer.alloc(300));
  opened.refuse();
  outbox.bury(oldestOf(outbox));
  assert.deepEqual([outbox.count, opened.isTold], [0, true]);
  opened.takeAgain();
  await outbox.keepHeld();
  assert.deepEqual(opened.files, [`dead/${idOf(1)}`, `dead/${idOf(2)}`]);
});

void test('a smaller form that the disk refuses leaves the larger one as it is', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  await outbox.store(idOf(1), Buffer.alloc(900, 'l'));
  const waiting = oldestOf(outbox);
  opened.refuse();
  outbox.replace(waiting, Buffer.alloc(100));
  assert.ok(opened.isTold);
  opened.takeAgain();
  assert.equal(outbox.read(oldestOf(outbox))?.toString(), 'l'.repeat(900));
  await assert.rejects(outbox.store(idOf(2), Buffer.alloc(200)), /the outbox is full/);
});

void test('an event is held too where the disk refuses to make room for it', async () => {
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  await outbox.store(idOf(1), Buffer.alloc(900));
  outbox.bury(oldestOf(outbox));
  opened.refuse();
  await assert.rejects(outbox.store(idOf(2), Buffer.alloc(500, 'x')));
  assert.deepEqual([outbox.count, opened.isTold], [1, true]);
  opened.takeAgain();
  await outbox.keepHeld();
  assert.deepEqual(opened.files, [idOf(2)]);
});

void test('an event that is too large is delivered from memory while the disk refuses, and so is the next', async () => {
  await using receiver = await Receiver.listen();
  await receiver.behave({ kind: 'too-large' });
  using opened = new TroubledOutbox();
  const { outbox } = opened;
  opened.refuse();
  for (const index of [1, 2]) {
    const lines = [`{"event_id":"${idOf(index)}"}`, '{"type":"event","length":2}', '{}'];
    const attachment = ['{"type":"attachment","length":3,"filename":"a"}', 'abc', ''];
    await assert.rejects(outbox.store(idOf(index), Buffer.from([...lines, ...attachment].join('\n'))));
  }
  const delivered: string[] = [];
  {
    await using _delivery = new Delivery(outbox, envelopeEndpoint(receiver.dsn), (event) => {
      if (event.kind === 'delivered') delivered.push(event.eventId);
    });
    await receiver.count(2);
    await poll('the second to be delivered', () => delivered[1]);
  }
  assert.deepEqual([delivered, outbox.count], [[1, 2].map(idOf), 0]);
  opened.takeAgain();
  await outbox.keepHeld();
  assert.deepEqual(opened.files, []);
});
