import { type Difference, each, readOnly, sentOnly, withoutFrames } from '../sdk.ts';

/** Between what is read of the last words of a python program and what the SDK makes of the same death. */
export const differences: readonly Difference[] = [
  {
    why: 'Python does not print the module of a frame',
    even: sentOnly((sent) => ({ ...sent, frames: sent.frames.map((frame) => frame.replace(/^[^|]*\|/, '')) })),
  },
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
    only: ['syntax', 'syntax_import', 'indentation', 'tabs'],
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
];
