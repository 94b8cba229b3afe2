import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashReading, Frame, ReadException } from '../../src/crash/exception.ts';
import { deathsOf, type SdkEvent, type SdkFrame, sdkEventsOf } from './corpus.ts';

/*
 * What is read from the last words of a program, beside what the SDK of Sentry made of the same death inside it
 * (the scripts of test/corpus). Where they differ, and why, stands in the table of the language: what is not listed there
 * is the same.
 */

export interface Difference {
  readonly why: string;
  /** By name; all that have a recording where there are none. */
  readonly only?: readonly string[];
  /** The reading and the event, with what differs made the same. */
  readonly even: (told: Told) => Told;
}

export interface Told {
  readonly read: readonly Exception[];
  readonly sent: readonly Exception[];
}

export interface Exception {
  readonly type: string;
  readonly module: string | null;
  readonly value: string;
  readonly frames: readonly string[];
  /** `1 of 0: cause`, with a + where it stands for several. */
  readonly link: string | null;
}

const place = (frame: Frame): string =>
  `${frame.module ? `${frame.module}|` : ''}${frame.function ?? '?'} ${frame.file}:${frame.line}:${frame.column}${frame.inApp ? '+' : ''}`;
const placeOf = (frame: SdkFrame): string =>
  `${frame.module ? `${frame.module}|` : ''}${frame.function ?? '?'} ${frame.abs_path ?? frame.filename}:${frame.lineno ?? null}:${frame.colno ?? null}${frame.in_app ? '+' : ''}`;

const readOf = ({ type, module, value, frames, link }: ReadException): Exception => ({
  type,
  module: module ?? null,
  value,
  frames: frames.map(place),
  link: link ? `${link.id} of ${link.parent}: ${link.source}${link.isGroup ? '+' : ''}` : null,
});

const sentOf = ({ type, module, value, frames, mechanism }: SdkEvent['exceptions'][number]): Exception => {
  const { exception_id: id, parent_id: parent = null, source = null, is_exception_group: isGroup } = mechanism ?? {};
  const link = id === undefined ? null : `${id} of ${parent}: ${source}${isGroup ? '+' : ''}`;
  return { type, module: module ?? null, value: value ?? '', frames: frames.map(placeOf), link };
};

export const each =
  (even: (exception: Exception) => Exception) =>
  (told: Told): Told => ({
    read: told.read.map(even),
    sent: told.sent.map(even),
  });
export const sentOnly =
  (even: (exception: Exception) => Exception) =>
  (told: Told): Told => ({ ...told, sent: told.sent.map(even) });
export const readOnly =
  (even: (exception: Exception) => Exception) =>
  (told: Told): Told => ({ ...told, read: told.read.map(even) });
export const withoutFrames = (is: (frame: string) => boolean) =>
  each((exception) => ({ ...exception, frames: exception.frames.filter((frame) => !is(frame)) }));

/** Fails where they differ in what is not known, and where a difference that is listed for this program is none any more. */
export function isReadLikeSdk(
  name: string,
  reading: CrashReading | null,
  events: readonly SdkEvent[],
  known: readonly Difference[],
): void {
  assert.ok(reading, name);
  const { value = '' } = reading.exceptions.at(-1) ?? {};
  // A program may have sent others before, of what it handled and of its threads.
  const event = events.findLast(({ exceptions }) => exceptions.at(-1)?.value?.startsWith(value)) ?? events.at(-1);
  const told: Told = { read: reading.exceptions.map(readOf), sent: (event?.exceptions ?? []).map(sentOf) };
  const evened = (differs: readonly Difference[]): Told =>
    differs.reduce((even, difference) => difference.even(even), told);
  const ofThis = known.filter(({ only }) => !only || only.includes(name));
  const { read, sent } = evened(ofThis);
  assert.deepEqual(read, sent, name);
  for (const listed of ofThis) {
    if (!listed.only) continue;
    const without = evened(ofThis.filter((other) => other !== listed));
    assert.notDeepEqual(without.read, without.sent, `no difference any more: ${listed.why}`);
  }
}

/** @param unsent the programs that die of nothing that the SDK is told: of the language itself, or before it is there */
export function testLikeSdk(
  language: string,
  known: readonly Difference[],
  unsent: readonly string[],
  ofOtherVersions: RegExp,
): void {
  const ofThisVersion = deathsOf(language).filter(({ name }) => !ofOtherVersions.test(name));

  for (const { name, reading } of ofThisVersion) {
    const events = sdkEventsOf(language, name);
    if (!events) continue;
    void test(`the death of ${language} ${name} is read as the SDK of Sentry sees it`, () => {
      isReadLikeSdk(name, reading, events, known);
    });
  }

  void test(`the SDK sent nothing only for the ${language} programs of which it cannot know`, () => {
    const silent = ofThisVersion.filter(({ name }) => !sdkEventsOf(language, name)).map(({ name }) => name);
    assert.deepEqual(silent, unsent);
  });
}
