import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempDisposableSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { Leftover } from '../../src/ledger/leftover.ts';
import { openSocketPair } from '../../src/native/socket-pair.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { removeCgroup } from '../../src/run/cgroup-end.ts';
import { EmptyDirectories } from '../../src/run/empty-directories.ts';
import type { Shortage } from '../../src/run/shortage.ts';
import type { Claim } from '../../src/schedule/queue.ts';
import { Keeper, type KeptRun } from '../../src/supervise/keeper.ts';
import { type FromKeeper, KeeperLine, type ToKeeper } from '../../src/supervise/keeper-lines.ts';
import { Keepers } from '../../src/supervise/keepers.ts';
import { recover } from '../../src/supervise/recover.ts';
import { poll } from '../harness/waiting.ts';
import { ScratchTree, withCgroups } from '../run/cgroups.ts';
import { idOf, now, specOf } from '../schedule/jobs.ts';

const result: Shortage = { kind: 'short', of: 'machine', error: 'what it came to' };

const claimOf = (id: string): Claim => ({
  job: { id: idOf(id), spec: specOf(id), pipelineId: null, droppedAt: now, acceptedAt: now, droppedBy: 0 },
  attempt: 1,
  token: 1,
  startedAt: now,
});

/** An attempt as a keeper knows it; what it is told is noted. */
class FakeRun implements KeptRun {
  readonly claim: Claim;
  readonly told: string[] = [];

  constructor(id: string) {
    this.claim = claimOf(id);
  }

  cancel(): void {
    this.told.push('cancel');
  }

  kill(): void {
    this.told.push('kill');
  }
}

/** A keeper, and the other end of its socket, which each supervisor gets in turn. */
class Kept implements Disposable {
  readonly directory = mkdtempDisposableSync(join(tmpdir(), 'booty-keeper-'));
  readonly keeper: Keeper;
  readonly end: KeeperLine<FromKeeper, ToKeeper>;
  readonly file: number;
  readonly heard: FromKeeper[] = [];

  constructor(...runs: readonly KeptRun[]) {
    const [mine, theirs] = openSocketPair();
    this.keeper = new Keeper(mine, this.marks, runs);
    this.file = theirs;
    this.end = new KeeperLine(theirs, (message) => this.heard.push(message));
  }

  get marks(): string {
    return join(this.directory.path, 'kept');
  }

  /** What one supervisor was told since it said hello. */
  since(nonce: string): readonly FromKeeper[] {
    const from = this.heard.findIndex((message) => message.kind === 'kept' && message.nonce === nonce);
    return from < 0 ? [] : this.heard.slice(from);
  }

  ended(nonce: string, id: string): Promise<FromKeeper> {
    return poll(`the end of ${id}`, () => this.since(nonce).find((it) => it.kind === 'ended' && it.id === id));
  }

  [Symbol.dispose](): void {
    this.end.close();
    this.directory.remove();
  }
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([promise.then(() => 'settled'), new Promise((resolve) => setTimeout(resolve, 50, 'open'))])) ===
  'settled';

void test('an end is told to each supervisor until one of them has recorded it, and then its keeper goes', async () => {
  const [one, other] = [new FakeRun('one'), new FakeRun('other')];
  using kept = new Kept(one, other);
  const ran = kept.keeper.run();
  assert.deepEqual(readdirSync(kept.marks).sort(), ['job-one.1', 'job-other.1']);
  // It ends while nobody is there.
  kept.keeper.take(one, result);
  assert.deepEqual(readdirSync(kept.marks), ['job-other.1']);
  kept.end.say({ kind: 'hello', nonce: 'first' });
  await kept.ended('first', 'one');
  // That one dies within a word.
  writeSync(kept.file, '{"kind":"forget","id":"on');
  kept.end.say({ kind: 'hello', nonce: 'second' });
  const told = await kept.ended('second', 'one');
  assert.ok(told.kind === 'ended' && told.result.kind === 'short');
  assert.deepEqual(kept.since('second')[0], {
    kind: 'kept',
    nonce: 'second',
    version: 1,
    attempts: [
      { id: 'one', attempt: 1, token: 1 },
      { id: 'other', attempt: 1, token: 1 },
    ],
  });
  kept.end.say({ kind: 'end', id: 'other' });
  await poll('its end is asked', () => other.told[0]);
  assert.deepEqual([one.told, other.told], [[], ['cancel']]);
  kept.keeper.take(other, result);
  await kept.ended('second', 'other');
  kept.end.say({ kind: 'forget', id: 'one' });
  assert.equal(await isSettled(ran), false, 'one end is not recorded');
  kept.end.say({ kind: 'forget', id: 'other' });
  await ran;
  await kept.end.closed;
});

void test('a keeper whose service is stopped kills what it keeps, and goes once that is gone', async () => {
  const [one, other] = [new FakeRun('one'), new FakeRun('other')];
  using kept = new Kept(one, other);
  kept.keeper.take(other, result);
  const ran = kept.keeper.run();
  kept.end.close();
  await poll('it is killed', () => one.told[0]);
  assert.equal(await isSettled(ran), false, 'it has left what it keeps');
  kept.keeper.take(one, result);
  await ran;
  assert.deepEqual([new Set(one.told), other.told], [new Set(['kill']), []]);
  assert.deepEqual(readdirSync(kept.marks), []);
});

void test('what nobody knows is killed, and kept until it is gone', async () => {
  const run = new FakeRun('unknown');
  using kept = new Kept(run);
  const ran = kept.keeper.run();
  kept.end.say({ kind: 'hello', nonce: 'first' });
  kept.end.say({ kind: 'forget', id: 'unknown' });
  await poll('it is killed', () => run.told[0]);
  assert.equal(await isSettled(ran), false);
  kept.keeper.take(run, result);
  await ran;
  assert.deepEqual(
    kept.heard.map(({ kind }) => kind),
    ['kept'],
  );
});

/** A process in the cgroup of a keeper, in whose name a test speaks. */
class FakeKeeper implements AsyncDisposable {
  readonly child: ChildProcess = spawn('sleep', ['600']);
  readonly exited = once(this.child, 'exit');
  readonly cgroup: string;
  readonly file: number;
  readonly line: KeeperLine<ToKeeper, FromKeeper>;
  readonly heard: ToKeeper[] = [];

  constructor(tree: ScratchTree, answer: (message: ToKeeper, say: (message: FromKeeper) => void) => void) {
    this.cgroup = join(dirname(tree.jobs), 'keepers', String(this.pid));
    mkdirSync(this.cgroup, { recursive: true });
    writeFileSync(join(this.cgroup, 'cgroup.procs'), String(this.pid));
    const [mine, theirs] = openSocketPair();
    this.file = theirs;
    this.line = new KeeperLine(mine, (message) => {
      this.heard.push(message);
      answer(message, (said) => this.line.say(said));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.line.close();
    this.child.kill('SIGKILL');
    await this.exited;
    await poll('its cgroup is empty', () => removeCgroup(dirname(this.cgroup)) || null);
  }
}

/** The keepers as a supervisor has them. */
class Supervised implements AsyncDisposable {
  readonly directory = mkdtempDisposableSync(join(tmpdir(), 'booty-keepers-'));
  readonly events: JournalEvent[] = [];
  readonly keepers: Keepers;

  constructor(tree: ScratchTree | null, ...passed: readonly FakeKeeper[]) {
    this.keepers = new Keepers({
      passed: passed.map(({ pid, file }) => ({ pid, file })),
      cgroups: tree,
      marks: join(this.directory.path, 'kept'),
      jobs: this.directory.path,
      redactor: new Redactor(),
      emit: (event) => this.events.push(event),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keepers[Symbol.asyncDispose]();
    this.directory.remove();
  }
}

const leftoverOf = (id: string): Leftover => ({
  claim: claimOf(id),
  process: null,
  lostBefore: 0,
  recoveries: 0,
  cancelled: null,
});

const named = (id: string, token = 1) => ({ id, attempt: 1, token });
const options = withCgroups();

/** A keeper that has answered as it should. */
const answering =
  (...ids: readonly string[]) =>
  (message: ToKeeper, say: (message: FromKeeper) => void): void => {
    if (message.kind !== 'hello') return;
    // To the supervisor before, which was told half of it.
    say({ kind: 'kept', nonce: 'of another', version: 1, attempts: [named('stale')] });
    say({ kind: 'ended', id: 'one', endedAtMs: 1, result: { ...result, error: 'told to another' } });
    say({ kind: 'kept', nonce: message.nonce, version: 1, attempts: ids.map((id) => named(id)) });
  };

void test('attempts that a keeper names go on, those that it does not name are nobody’s', options, async () => {
  using tree = new ScratchTree();
  await using keeper = new FakeKeeper(tree, answering('one', 'recorded'));
  await using supervised = new Supervised(tree, keeper);
  const leftovers = [leftoverOf('one'), leftoverOf('lost')];
  const adopted = await supervised.keepers.adopt(leftovers);
  assert.deepEqual([...adopted.keys()], [leftovers[0]]);
  assert.deepEqual(supervised.events, [{ kind: 'keeper.adopted', pid: keeper.pid, attempts: 2 }]);
  await poll('the other is forgotten', () => keeper.heard.find((it) => it.kind === 'forget' && it.id === 'recorded'));
  assert.equal(await supervised.keepers.endSilent(), true);
  assert.equal(keeper.child.exitCode ?? keeper.child.signalCode, null, 'one that answers is left alone');
  const kept = [...adopted.values()][0];
  assert.ok(kept);
  kept.cancel();
  await poll('its end is asked', () => keeper.heard.find((it) => it.kind === 'end' && it.id === 'one'));
  keeper.line.say({ kind: 'ended', id: 'one', endedAtMs: 5, result });
  assert.deepEqual(await kept.end, { kind: 'told', result, endedAt: 5 });
});

void test('a keeper that was there before the ledger was put back is not believed', options, async () => {
  using tree = new ScratchTree();
  await using keeper = new FakeKeeper(tree, (message, say) => {
    if (message.kind === 'hello') say({ ...message, kind: 'kept', version: 1, attempts: [named('one', 2)] });
  });
  await using supervised = new Supervised(tree, keeper);
  assert.equal((await supervised.keepers.adopt([leftoverOf('one')])).size, 0);
  await poll('it is to end', () => keeper.heard.find((it) => it.kind === 'forget'));
});

void test(
  'a keeper that speaks in other words is killed before anything that it kept is recovered',
  options,
  async () => {
    using tree = new ScratchTree();
    await using keeper = new FakeKeeper(tree, (message, say) => {
      if (message.kind === 'hello') say({ ...message, kind: 'kept', version: 2, attempts: [named('one')] });
    });
    await using supervised = new Supervised(tree, keeper);
    assert.equal((await supervised.keepers.adopt([leftoverOf('one')])).size, 0);
    await keeper.exited;
    assert.equal(existsSync(keeper.cgroup), false);
    assert.deepEqual(supervised.events, [{ kind: 'keeper.lost', pid: keeper.pid, attempts: null }]);
  },
);

void test(
  'one of which nothing was passed on is killed as well, also where cgroups are out of reach',
  options,
  async () => {
    using tree = new ScratchTree();
    await using unheard = new FakeKeeper(tree, () => undefined);
    await using supervised = new Supervised(tree);
    await supervised.keepers.adopt([]);
    await unheard.exited;
    await using unreachable = new FakeKeeper(tree, () => undefined);
    void unreachable.exited.then(() => unreachable.line.close());
    await using without = new Supervised(null, unreachable);
    assert.equal((await without.keepers.adopt([leftoverOf('one')])).size, 0);
    await unreachable.exited;
    assert.equal(await supervised.keepers.endSilent(), true);
  },
);

void test('an attempt is not lost as long as a keeper of it might begin another step', async () => {
  const never = (): never => assert.fail('it was settled');
  const recovered = await recover(leftoverOf('one'), {
    capture: null,
    emit: never,
    keepers: { endSilent: () => Promise.resolve(false) },
    maxLost: 3,
    paths: { jobs: tmpdir() },
    queue: { finish: never },
    telemetry: { release: null, environment: 'test' },
    settings: { cgroups: null, units: null, directories: new EmptyDirectories(tmpdir()), redactor: new Redactor() },
  });
  assert.deepEqual(recovered, { kind: 'unkillable' });
});

void test('attempts whose keeper dies are told to be nobody’s, and it is proven gone', options, async () => {
  using tree = new ScratchTree();
  await using keeper = new FakeKeeper(tree, answering('one'));
  await using supervised = new Supervised(tree, keeper);
  const adopted = await supervised.keepers.adopt([leftoverOf('one')]);
  const kept = [...adopted.values()][0];
  // Its socket is gone, and it is not.
  keeper.line.close();
  assert.deepEqual(await kept?.end, { kind: 'orphaned' });
  assert.deepEqual(supervised.events.at(-1), { kind: 'keeper.lost', pid: keeper.pid, attempts: 1 });
  assert.equal(await supervised.keepers.endSilent(), true);
  await keeper.exited;
});

void test('a keeper that hangs is killed after three minutes, one that answers is not', options, async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let answers = 0;
  using tree = new ScratchTree();
  await using keeper = new FakeKeeper(tree, (message, say) => {
    answering('one')(message, say);
    if (message.kind === 'ping' && answers < 5) {
      answers += 1;
      say({ kind: 'pong' });
    }
  });
  await using supervised = new Supervised(tree, keeper);
  const kept = [...(await supervised.keepers.adopt([leftoverOf('one')])).values()][0];
  const asked = (): number => keeper.heard.filter(({ kind }) => kind === 'ping').length;
  for (let minute = 1; minute <= 8; minute += 1) {
    context.mock.timers.tick(60_000);
    // Not by the interval of `poll`.
    for (let waits = 0; asked() < minute && waits < 1000; waits += 1) await sleep(10);
    await sleep(30);
  }
  assert.equal(answers, 5);
  assert.equal(supervised.events.length, 1, 'it is given up too early');
  context.mock.timers.tick(60_000);
  assert.deepEqual(await kept?.end, { kind: 'orphaned' });
  context.mock.timers.reset();
  assert.equal(await supervised.keepers.endSilent(), true);
  await keeper.exited;
});
