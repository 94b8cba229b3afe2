import assert from 'node:assert/strict';
import fs, { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import * as fc from 'fast-check';
import { milliseconds } from '../../src/job/units.ts';
import { type Decision, decide, isIgnoredName, maxScanned, type Seen, scan } from '../../src/spool/scan.ts';
import { memoryPlace } from '../harness/memory-place.ts';
import { makeSpool, oddities } from './places.ts';

const file: Seen = { name: 'a', type: 'file', size: 10, mtimeMs: 1000, ctimeMs: 1000 };
const renamed = { ...file, ctimeMs: 1001 };
const earlier = (seen: Seen, atMs = 0) => ({ seen, atMs });

const decisions: readonly (readonly [
  what: string,
  seen: Seen,
  before: ReturnType<typeof earlier> | undefined,
  nowMs: number,
  Decision,
])[] = [
  ['a file that was renamed in is whole', renamed, undefined, 0, 'take'],
  ['a file that is written in place may still grow', file, undefined, 0, 'wait'],
  ['and has to stand still for a while', file, earlier(file), 199, 'wait'],
  ['which is 200 ms', file, earlier(file), 200, 'take'],
  ['a file that grew waits again', { ...file, size: 11 }, earlier(file), 900, 'wait'],
  ['a file that was written again waits again', { ...file, mtimeMs: 1500, ctimeMs: 1500 }, earlier(file), 900, 'wait'],
  ['a file that became smaller waits again', { ...file, size: 9 }, earlier(file), 900, 'wait'],
  ['an empty file that was renamed in may be being filled', { ...renamed, size: 0 }, undefined, 0, 'wait'],
  [
    'an empty file that stays empty is taken, to be told',
    { ...file, size: 0 },
    earlier({ ...file, size: 0 }),
    200,
    'take',
  ],
  ['a file of the future may still grow', { ...file, mtimeMs: 9e12 }, undefined, 0, 'wait'],
  ['a file of the future is taken too', { ...file, mtimeMs: 9e12 }, earlier({ ...file, mtimeMs: 9e12 }), 200, 'take'],
  ['a directory stays', { ...file, type: 'directory' }, earlier(file), 999, 'leave'],
  ['a name that cannot be read stays', { ...file, type: 'undecodable' }, undefined, 0, 'leave'],
  ['a link is never followed', { ...renamed, type: 'symlink' }, undefined, 0, 'refuse-type'],
  ['a FIFO is never opened', { ...file, type: 'fifo' }, undefined, 0, 'refuse-type'],
  ['nor a socket', { ...file, type: 'socket' }, undefined, 0, 'refuse-type'],
  ['nor a device', { ...file, type: 'device' }, undefined, 0, 'refuse-type'],
];

for (const [what, seen, before, nowMs, decision] of decisions)
  void test(what, () => assert.equal(decide(seen, before, nowMs, milliseconds(200)), decision));

void test('what producers have not finished yet is passed over', () => {
  for (const name of ['.a', '..a', '.claimed', 'a.tmp', 'a.yaml.part', 'a.yaml~', '~', '.a.1234.tmp'])
    assert.equal(isIgnoredName(name), true, name);
  for (const name of ['a', 'a.yaml', 'tmp', 'a.tmp.yaml', 'part', '~a', 'a.TMP', '-rf', 'a b', '\n'])
    assert.equal(isIgnoredName(name), false, JSON.stringify(name));
});

void test('a look at the spool tells each file from what is none', async () => {
  using spool = makeSpool();
  for (const [name, make] of Object.entries(oddities)) await make(join(spool.incoming, name));
  writeFileSync(Buffer.concat([Buffer.from(`${spool.incoming}/bad-`), Buffer.of(0xff)]), 'x');
  for (const name of ['file', '.hidden', 'a.tmp', 'a\nb']) writeFileSync(join(spool.incoming, name), 'run: x');
  const { seen, more } = scan(spool.incoming);
  assert.equal(more, false);
  assert.deepEqual(Object.fromEntries(seen.map(({ name, type }) => [name, type])), {
    symlink: 'symlink',
    'dangling symlink': 'symlink',
    fifo: 'fifo',
    socket: 'socket',
    directory: 'directory',
    'bad-\uFFFD': 'undecodable',
    file: 'file',
    'a\nb': 'file',
  });
});

void test('a file that was renamed in is taken at the first look, one that is written in place is not', () => {
  using spool = makeSpool();
  writeFileSync(join(spool.incoming, '.first'), 'run: x');
  const decisionOf = (name: string): Decision => {
    const seen = scan(spool.incoming).seen.find((one) => one.name === name) ?? assert.fail();
    return decide(seen, undefined, 0, milliseconds(200));
  };
  // The clock of the file system is coarse: the rename must come at a later tick than the write.
  const ticks = (): void => writeFileSync(join(spool.incoming, '.tick'), '');
  const until = performance.now() + 50;
  while (performance.now() < until) ticks();
  renameSync(join(spool.incoming, '.first'), join(spool.incoming, 'first'));
  writeFileSync(join(spool.incoming, 'second'), 'run: x');
  assert.equal(decisionOf('first'), 'take');
  assert.equal(decisionOf('second'), 'wait');
});

void test('the oldest file is seen first, and of equally old ones the first by name', () => {
  using spool = makeSpool();
  for (const [index, name] of ['d', 'c', 'b', 'a', 'aa'].entries()) {
    const path = join(spool.incoming, name);
    writeFileSync(path, 'x');
    utimesSync(path, 1000 + Math.min(index, 3), 1000 + Math.min(index, 3));
  }
  assert.deepEqual(
    scan(spool.incoming).seen.map(({ name }) => name),
    ['d', 'c', 'b', 'a', 'aa'],
  );
});

void test('one look hands on a bounded number of files, and says that there are more', () => {
  using spool = makeSpool();
  for (let index = 0; index <= maxScanned; index += 1) writeFileSync(join(spool.incoming, `f${index}`), '');
  const { seen, more } = scan(spool.incoming);
  assert.deepEqual([seen.length, more], [maxScanned, true]);
});

void test('files are found however many directories lie beside them', () => {
  using spool = makeSpool();
  for (let index = 0; index < 2 * maxScanned; index += 1) mkdirSync(join(spool.incoming, `d${index}`));
  const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
  for (const name of names) writeFileSync(join(spool.incoming, name), '');
  const seen = new Set(scan(spool.incoming).seen.map(({ name }) => name));
  assert.deepEqual(
    names.filter((name) => !seen.has(name)),
    [],
  );
});

/** What a look at the spool asks the system for, counted. */
function countCalls<Result>(work: () => Result): {
  readonly result: Result;
  readonly entries: number;
  readonly stats: number;
} {
  const stats = mock.method(fs, 'lstatSync');
  const entries = mock.method(fs.Dir.prototype, 'readSync');
  syncBuiltinESMExports();
  try {
    return { result: work(), entries: entries.mock.callCount(), stats: stats.mock.callCount() };
  } finally {
    mock.restoreAll();
    syncBuiltinESMExports();
  }
}

void test('a look at a spool of 20,000 files costs no more than at one of 5,000', () => {
  using spool = makeSpool(memoryPlace());
  const fill = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) writeFileSync(join(spool.incoming, `f${index}`), '');
  };
  // The fastest of some: what the machine does beside it is not asked.
  const scanMs = (): number =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const began = performance.now();
        scan(spool.incoming);
        return performance.now() - began;
      }),
    );
  fill(0, 5000);
  const few = scanMs();
  fill(5000, 20_000);
  const many = scanMs();
  const { result, entries, stats } = countCalls(() => scan(spool.incoming));
  assert.deepEqual([result.seen.length, result.more], [maxScanned, true]);
  assert.ok(entries <= 10 * maxScanned + 2, `${entries} entries were read`);
  assert.equal(stats, maxScanned);
  assert.ok(many < 3 * few + 10, `of 20,000 it took ${many} ms, of 5,000 ${few} ms`);
});

void test('one look after the other finds all files', () => {
  using spool = makeSpool(memoryPlace());
  for (let index = 0; index < 4 * maxScanned + 1; index += 1) writeFileSync(join(spool.incoming, `f${index}`), '');
  const taken = new Set<string>();
  let looks = 0;
  for (let more = true; more; looks += 1) {
    const next = scan(spool.incoming);
    ({ more } = next);
    for (const { name } of next.seen) {
      taken.add(name);
      rmSync(join(spool.incoming, name));
    }
  }
  assert.deepEqual([taken.size, looks], [4 * maxScanned + 1, 5]);
});

const namesOf = ({ seen }: { readonly seen: readonly Seen[] }): string[] => seen.map(({ name }) => name).sort();

void test('files that are not whole yet go last, and are not forgotten', () => {
  using spool = makeSpool(memoryPlace());
  const made = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${letter}${index}`);
  const unfinished = made('u', 30);
  for (const name of unfinished) writeFileSync(join(spool.incoming, name), '');
  const known = new Map([...unfinished, 'gone'].map((name, index) => [name, index]));
  const alone = scan(spool.incoming, known);
  assert.deepEqual([namesOf(alone), alone.more, alone.passedOver], [unfinished.toSorted(), false, new Map()]);
  const others = made('o', maxScanned - 10);
  for (const name of others) writeFileSync(join(spool.incoming, name), '');
  const beside = scan(spool.incoming, known);
  assert.equal(beside.more, false);
  assert.deepEqual(namesOf(beside), [...others, ...unfinished.slice(0, 10)].sort(), 'those first that waited longest');
  assert.deepEqual([...beside.passedOver], [...known].slice(10, 30), 'with what is known of them');
  for (const name of made('p', 11)) writeFileSync(join(spool.incoming, name), '');
  const full = scan(spool.incoming, known);
  assert.equal(full.more, true);
  assert.deepEqual([full.seen.length, namesOf(full).filter((name) => name.startsWith('u'))], [maxScanned, []]);
  assert.equal(full.passedOver.size, 30);
});

void test('whatever lies there, each file has its turn: taken, or seen again, or kept in mind', () => {
  const property = fc.property(fc.nat(700), fc.nat(700), fc.nat(3), (fresh, waiting, gone) => {
    const names = (letter: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${letter}${index}`);
    const known = new Map([...names('w', waiting), ...names('g', gone)].map((name) => [name, name]));
    using spool = makeSpool(memoryPlace());
    for (const name of [...names('f', fresh), ...names('w', waiting)]) writeFileSync(join(spool.incoming, name), '');
    const { seen, more, passedOver } = scan(spool.incoming, known);
    assert.equal(seen.length, Math.min(maxScanned, fresh + waiting));
    assert.equal(more, fresh > maxScanned);
    const found = new Set(seen.map(({ name }) => name));
    for (const name of names('w', waiting)) assert.notEqual(found.has(name), passedOver.has(name));
    assert.ok([...passedOver.keys()].every((name) => name.startsWith('w')));
  });
  fc.assert(property, { numRuns: 8 });
});
