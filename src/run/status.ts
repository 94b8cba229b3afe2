import { constants } from 'node:os';
import type { Exit } from '../job/exit.ts';

/** SIGRTMIN of glibc, which keeps the two real-time signals before it for itself (signal(7)). */
const firstRealTime = 34;

/** Of two names of a number, the first is the usual one. */
const names = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name]),
);

const signalName = (number: number): string =>
  names.get(number) ??
  (number < firstRealTime ? `SIG${number}` : `SIGRTMIN${number === firstRealTime ? '' : `+${number - firstRealTime}`}`);

/** What the status of a child that has ended says (wait(2)). */
export function exitOfStatus(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: 'code', code: (status >> 8) & 0xff };
  return {
    kind: 'signal',
    signal: signalName(signal),
    ...((status & 0x80) === 0 ? {} : { coreDumped: true as const }),
  };
}
