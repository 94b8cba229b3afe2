import { type Difference, each, readOnly, sentOnly } from '../sdk.ts';

/** Between what is read of the last words of a ruby program and what the SDK makes of the same death. */
export const differences: readonly Difference[] = [
  {
    why: 'for the SDK only what is in app, bin, config, exe, lib or test is the program’s own; for Booty all but gems and Ruby’s own',
    even: each((exception) => ({ ...exception, frames: exception.frames.map((frame) => frame.replace(/\+$/, '')) })),
  },
  {
    why: 'the SDK leaves an empty module',
    even: sentOnly((sent) => ({ ...sent, module: sent.module || null })),
  },
  {
    why: 'a class without a name is printed without its address',
    only: ['anonymous-class'],
    even: sentOnly((sent) => ({ ...sent, type: sent.type.replace(/:0x\w+/, '') })),
  },
  {
    why: 'what at_exit raises is not what the program ends with; the SDK is asked while it is still the last error',
    only: ['at-exit'],
    even: ({ read, sent }) => ({ read, sent: sent.slice(0, 1) }),
  },
  {
    why: 'the end of a message cannot be told from the line end that Ruby prints',
    only: ['heredoc', 'required-syntax-error'],
    even: sentOnly((sent) => ({ ...sent, value: sent.value.trimEnd() })),
  },
  {
    why: 'an exception that took the backtrace of its cause has it, and for the SDK it has none',
    only: ['reraised'],
    even: ({ read, sent }) => ({ read: read.map((one, at) => ({ ...one, frames: at === 0 ? one.frames : [] })), sent }),
  },
  {
    why: 'the recording keeps the first and the last five frames, Ruby prints the last nine and the first four',
    only: ['stack-too-deep'],
    even: each((exception) => ({ ...exception, frames: [...new Set(exception.frames)] })),
  },
  {
    why: 'a script that is no Ruby at all is a compile error without a place for the SDK; Ruby prints both',
    only: ['syntax-error'],
    even: readOnly((read) => ({ ...read, value: 'compile error', frames: [] })),
  },
];
