import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame, ReadException } from '../../src/crash/exception.ts';
import { deathsOf, type SdkEvent, type SdkFrame, sdkEventsOf } from './corpus.ts';

/*
 * What is read from the last words of a program, beside what the SDK of Sentry made of the same death inside it
 * (test/corpus/make-python.sh, make-node.sh). Where they differ, and why, stands in `differences`: what is not listed
 * there is the same.
 */

interface Difference {
  readonly why: string;
  /** By name; all that have a recording where there are none. */
  readonly only?: readonly string[];
  /** The reading and the event, with what differs made the same. */
  readonly even: (told: Told) => Told;
}

interface Told {
  readonly read: readonly Exception[];
  readonly sent: readonly Exception[];
}

interface Exception {
  readonly type: string;
  readonly module: string | null;
  readonly value: string;
  readonly frames: readonly string[];
  /** `1 of 0: cause`, with a + where it stands for several. */
  readonly link: string | null;
}

const place = (frame: Frame): string =>
  `${frame.function ?? '?'} ${frame.file}:${frame.line}:${frame.column}${frame.inApp ? '+' : ''}`;
const placeOf = (frame: SdkFrame): string =>
  `${frame.function ?? '?'} ${frame.abs_path ?? frame.filename}:${frame.lineno ?? null}:${frame.colno ?? null}${frame.in_app ? '+' : ''}`;

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

const each =
  (even: (exception: Exception) => Exception) =>
  (told: Told): Told => ({
    read: told.read.map(even),
    sent: told.sent.map(even),
  });
const sentOnly =
  (even: (exception: Exception) => Exception) =>
  (told: Told): Told => ({ ...told, sent: told.sent.map(even) });
const readOnly =
  (even: (exception: Exception) => Exception) =>
  (told: Told): Told => ({ ...told, read: told.read.map(even) });
const withoutFrames = (is: (frame: string) => boolean) =>
  each((exception) => ({ ...exception, frames: exception.frames.filter((frame) => !is(frame)) }));

const differences: Readonly<Record<string, readonly Difference[]>> = {
  python: [
    {
      why: 'Python does not print that a class is of __main__',
      even: sentOnly((sent) => ({ ...sent, module: sent.module === '__main__' ? null : sent.module })),
    },
    {
      why: 'this SDK says in_app of the standard library too; later ones leave it to Sentry, which says that it is not',
      even: each((exception) => ({
        ...exception,
        frames: exception.frames.map((frame) => (frame.includes(' /usr/lib/') ? frame.replace('+', '') : frame)),
      })),
    },
    {
      why: 'code of a string has no file; the SDK takes the working directory for it',
      only: ['string_code'],
      even: sentOnly((sent) => ({
        ...sent,
        frames: sent.frames.map((frame) => frame.replace('/srv/job/<string>', '<string>')),
      })),
    },
    {
      why: 'the SDK adds the place to the message of a SyntaxError; the reading has it as a frame, with its line of source',
      only: ['syntax', 'syntax_import', 'indentation'],
      even: ({ read, sent }) => ({
        read: read.map((one) => ({ ...one, frames: one.frames.slice(0, -1) })),
        sent: sent.map((one) => ({ ...one, value: one.value.replace(/ \(\w+\.py, line \d+\)$/, '') })),
      }),
    },
    {
      why: 'this SDK cuts a value at 1024 characters, Booty at 8192',
      only: ['long_message'],
      even: each((exception) => ({ ...exception, value: exception.value.slice(0, 1000) })),
    },
    {
      why: 'this SDK is older than notes; later ones add them to the value as they are printed',
      only: ['notes'],
      even: readOnly((read) => ({ ...read, value: read.value.split('\n', 1)[0] ?? '' })),
    },
    {
      why: 'this SDK is older than exception groups; later ones send the members, with links, and the bare message',
      only: ['group', 'group_nested', 'group_caused', 'task_group'],
      even: ({ read, sent }) => ({
        read: read
          .filter(({ link }) => link === null || !/exceptions|of [1-9]/.test(link))
          .map((one) => ({ ...one, link: null })),
        sent: sent.map((one) => ({ ...one, value: one.value.replace(/ \(\d+ sub-exceptions\)$/, '') })),
      }),
    },
    {
      why: 'the frames of another process are in the message of its traceback, and only there for the SDK',
      only: ['remote_pool', 'remote_futures'],
      even: readOnly((read) => (read.type.endsWith('RemoteTraceback') ? { ...read, frames: [] } : read)),
    },
    {
      why: 'Python prints the first three of the frames that are the same',
      only: ['recursion', 'recursion_mutual'],
      even: each((exception) => ({ ...exception, frames: [...new Set(exception.frames)] })),
    },
    {
      why: 'the SDK stands in for the method run of a thread, and the frames below it are its own',
      only: ['thread'],
      even: withoutFrames((frame) => frame.includes('/threading.py:')),
    },
  ],
  node: [
    {
      why: 'the SDK is in the stack of what it loads, and moves the entry; what it adds is not of the program',
      even: withoutFrames((frame) => frame.includes(' /srv/sdk/') || frame.includes(' node:')),
    },
    {
      why: 'the end of a message of several lines cannot be told from the blank line below it',
      only: ['assertion-mjs'],
      even: sentOnly((sent) => ({ ...sent, value: sent.value.trimEnd() })),
    },
    {
      why: 'the SDK takes each line that begins with at for a frame; the reading wants a place in it',
      only: ['multiline-mjs'],
      even: sentOnly((sent) => ({ ...sent, frames: sent.frames.filter((frame) => !frame.includes('not a place')) })),
    },
    {
      why: 'V8 keeps ten frames; those that the SDK adds push the program’s own one out',
      only: ['not_found-cjs'],
      even: withoutFrames((frame) => frame.includes('/not_found.cjs:')),
    },
    {
      why: 'Promise.all has no file; the SDK takes its index for one',
      only: ['async-mjs'],
      even: sentOnly((sent) => ({ ...sent, frames: sent.frames.map((frame) => frame.replace(' index 0:', ' null:')) })),
    },
    {
      why: 'a path that a system error ends with is left out by the SDK, which has it in contexts.node_system_error',
      only: ['enoent-mjs'],
      even: readOnly((read) => ({ ...read, value: read.value.replace(/ '[^']+'$/, '') })),
    },
    {
      why: 'code of eval has no file; the reading says where eval was called, the SDK all of it',
      only: ['frames-cjs'],
      even: withoutFrames((frame) => frame.startsWith('eval ')),
    },
    {
      why: 'a class without a name of its own is an Error for the SDK; Node.js prints what it is called',
      only: ['own_name-cjs'],
      even: readOnly((read) => ({ ...read, type: 'Error' })),
    },
    {
      why: 'what does not parse has no frame for the SDK; Node.js prints its place',
      only: ['syntax-cjs', 'syntax_import-mjs', 'named_export-mjs'],
      even: readOnly((read) => ({ ...read, frames: read.frames.slice(0, -1) })),
    },
    {
      why: 'the SDK names the keys of what is no error; the reading has what Node.js prints of it',
      only: ['thrown_object-cjs', 'rejected_object-mjs'],
      even: each((exception) => ({ ...exception, type: 'Error', value: '' })),
    },
    {
      why: 'the SDK does not know where what is no error was thrown; Node.js prints its place',
      only: ['thrown_object-cjs', 'thrown_number-cjs', 'thrown_undefined-cjs'],
      even: readOnly((read) => ({ ...read, frames: [] })),
    },
    {
      why: 'Node.js does not print the errors of a SuppressedError',
      only: ['suppressed-cjs'],
      even: ({ read, sent }) => ({ read, sent: sent.slice(-1).map((one) => ({ ...one, link: null })) }),
    },
  ],
};

/** These die of nothing that the SDK is told: of V8 itself, or before the SDK is there. */
const unsent: Readonly<Record<string, readonly string[]>> = {
  python: ['ignored_only', 'process', 'system_exit'],
  node: ['heap-cjs', 'path-mjs'],
};

for (const [language, known] of Object.entries(differences)) {
  const ofThisVersion = deathsOf(language).filter(({ name }) => !/^(?:python\d|node\d)/.test(name));
  const knownOf = (name: string): readonly Difference[] => known.filter(({ only }) => !only || only.includes(name));

  for (const { name, reading } of ofThisVersion) {
    const events = sdkEventsOf(language, name);
    if (!events) continue;
    void test(`the death of ${language} ${name} is read as the SDK of Sentry sees it`, () => {
      assert.ok(reading);
      const { value = '' } = reading.exceptions.at(-1) ?? {};
      // A program may have sent others before, of what it handled and of its threads.
      const event = events.findLast(({ exceptions }) => exceptions.at(-1)?.value?.startsWith(value)) ?? events.at(-1);
      const told: Told = { read: reading.exceptions.map(readOf), sent: (event?.exceptions ?? []).map(sentOf) };
      const evened = (differs: readonly Difference[]): Told =>
        differs.reduce((even, difference) => difference.even(even), told);
      const { read, sent } = evened(knownOf(name));
      assert.deepEqual(read, sent);
      for (const listed of knownOf(name)) {
        if (!listed.only) continue;
        const without = evened(knownOf(name).filter((other) => other !== listed));
        assert.notDeepEqual(without.read, without.sent, `no difference any more: ${listed.why}`);
      }
    });
  }

  void test(`the SDK sent nothing only for the ${language} programs of which it cannot know`, () => {
    const silent = ofThisVersion.filter(({ name }) => !sdkEventsOf(language, name)).map(({ name }) => name);
    assert.deepEqual(silent, unsent[language]);
  });
}
