import { type Difference, readOnly, testLikeSdk, withoutFrames } from './sdk.ts';

const of = (...names: string[]): readonly string[] => names.map((name) => `${name}.go1.19`);
const last = <T>(all: readonly T[]): readonly T[] => all.slice(-1);

const differences: readonly Difference[] = [
  {
    why: 'the SDK is asked in a deferred function, which stands on top of the stack',
    even: withoutFrames((frame) => frame.includes('recordPanic')),
  },
  {
    why: 'Go prints what an error says, and neither its type nor those that it wraps',
    only: of('custom-error', 'generic', 'multi-line', 'panic-while-panicking'),
    even: ({ read, sent }) => ({
      read: last(read),
      sent: last(sent).map((one) => ({ ...one, type: 'panic' })),
    }),
  },
  {
    why: 'what is no error has no type for the SDK: it is a message, with a stack beside it',
    only: of('log-panic', 'many-goroutines', 'number', 'recovered', 'repanicked', 'named-string', 'struct-value'),
    even: readOnly((read) => ({ ...read, type: '' })),
  },
  {
    why: 'the SDK is not told of the panic during which another one began; Go prints both',
    only: of('recovered', 'repanicked'),
    even: ({ read, sent }) => ({ read: last(read), sent }),
  },
  {
    why: 'the SDK writes a value as Go source; Go prints what a named string says, and of a struct where it is',
    only: of('named-string', 'struct-value'),
    even: ({ read, sent }) => ({
      read: read.map((one) => ({ ...one, value: '' })),
      sent: sent.map((one) => ({ ...one, value: '' })),
    }),
  },
];

/** Nothing recovers what the runtime ends by itself, what panics in another goroutine, and a signal; nil is no panic. */
const unsent = of(
  ...'concurrent-map-writes deadlock error-method-panics fault go-run goexit goroutine index-crash index-none'.split(
    ' ',
  ),
  ...'index-trimmed many-goroutines-all nil-panic nil-pointer-system signal stack-overflow vendored'.split(' '),
);

testLikeSdk('go', differences, unsent, /go1\.24$/);
