import { type Difference, each, readOnly, sentOnly, withoutFrames } from '../sdk.ts';

/** Between what is read of the last words of a node program and what the SDK makes of the same death. */
export const differences: readonly Difference[] = [
  {
    why: 'the module of a frame is for the SDK its file’s name once more',
    even: sentOnly((sent) => ({ ...sent, frames: sent.frames.map((frame) => frame.replace(/^[^|]*\|/, '')) })),
  },
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
];
