import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  formatBytes,
  formatDuration,
  instant,
  maxDurationMs,
  parseBytes,
  parseDuration,
  timestamp,
} from '../../src/job/units.ts';

const durations: readonly (readonly [text: string, ms: number | null])[] = [
  ['250ms', 250],
  ['90s', 90_000],
  ['20m', 1_200_000],
  ['1h30m', 5_400_000],
  ['30m1h', 5_400_000],
  ['1d', 86_400_000],
  ['1w', 604_800_000],
  ['0s', 0],
  ['007s', 7000],
  ['366d', maxDurationMs],
  ['366d1ms', null],
  ['53w', null],
  ['999999999999w', null],
  ['9999999999999ms', null],
  ['', null],
  ['5', null],
  ['s', null],
  ['1.5h', null],
  ['-1s', null],
  ['+1s', null],
  ['1H', null],
  ['1 s', null],
  [' 1s', null],
  ['1s\n', null],
  ['1s,2s', null],
  ['1y', null],
  ['٣s', null],
];

void test('a duration is a number with its unit, and nothing else', () => {
  for (const [text, ms] of durations) assert.equal(parseDuration(text), ms, JSON.stringify(text));
});

void test('a duration is the sum of its parts, in whatever order', () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
  const part = fc.tuple(fc.nat(20), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const text = parts.map(([count, unit]) => `${count}${unit}`).join('');
      assert.equal(
        parseDuration(text),
        parts.reduce((total, [count, unit]) => total + count * units[unit], 0),
      );
    }),
  );
});

void test('no text makes a duration that a timer cannot hold', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^(?:\d{1,14}(?:ms|s|m|h|d|w)){1,5}$/));
  fc.assert(
    fc.property(text, (given) => {
      const ms = parseDuration(given);
      assert.ok(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= maxDurationMs));
    }),
  );
});

const sizes: readonly (readonly [text: string, bytes: number | null])[] = [
  ['512', 512],
  ['512B', 512],
  ['64K', 65_536],
  ['64KB', 65_536],
  ['64KiB', 65_536],
  ['1.5G', 1_610_612_736],
  ['0.5K', 512],
  ['2T', 2_199_023_255_552],
  ['0', 0],
  ['', null],
  ['M', null],
  ['64m', null],
  ['-1', null],
  ['1e3', null],
  ['1 M', null],
  ['1P', null],
  ['.5K', null],
  ['1.2345K', null],
  ['999999999999999T', null],
  ['NaN', null],
];

void test('a size is a number with its unit, in powers of 1024', () => {
  for (const [text, count] of sizes) assert.equal(parseBytes(text), count, JSON.stringify(text));
});

void test('a size that Booty writes is one that it reads', () => {
  const size = fc.tuple(fc.integer({ min: 1, max: 1023 }), fc.constantFrom(1, 1024, 1024 ** 2, 1024 ** 3, 1024 ** 4));
  fc.assert(fc.property(size, ([count, unit]) => assert.equal(parseBytes(formatBytes(count * unit)), count * unit)));
  assert.equal(formatBytes(0), '0B');
  assert.equal(formatBytes(1.5 * 1024 ** 3), '1.5G');
  assert.equal(formatBytes(1536 * 1024 ** 4), '1536T');
});

void test('a duration is written as people write it', () => {
  const table: readonly (readonly [ms: number, text: string])[] = [
    [0, '0ms'],
    [35, '35ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1234, '1.2s'],
    [59_400, '59s'],
    [60_000, '1m'],
    [61_500, '1m 1s'],
    [3_600_000, '1h'],
    [5_400_000, '1h 30m'],
    [47 * 3_600_000, '47h'],
    [49 * 3_600_000, '2d 1h'],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
  assert.equal(timestamp(instant(0)), '1970-01-01T00:00:00.000Z');
});
