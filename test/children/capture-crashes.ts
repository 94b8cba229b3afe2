import { setImmediate as turn } from 'node:timers/promises';
import { milliseconds } from '../../src/job/units.ts';
import { crashNumber, Storm } from '../storms/storm.ts';

/*
 * Captures crashes FROM to TO of three bugs into the outbox at PATH, eight at a time, sends what is told to DSN, and prints the
 * number of each that is safe. Ends when nothing waits any more.
 */
const [path = '', dsn = '', from = '0', to = '0'] = process.argv.slice(2);
const storm = new Storm({ path, dsn, limits: { burst: 4, windowMs: milliseconds(100), maxPerHour: 100_000 } });
for (let at = Number(from); at < Number(to); at += 8) {
  const numbers = Array.from({ length: Math.min(8, Number(to) - at) }, (_, index) => at + index);
  await Promise.all(
    numbers.map(async (number) => {
      const { capture } = await storm.capture(crashNumber(number, number % 3));
      if (capture === 'captured' || capture === 'counted') process.stdout.write(`${number}\n`);
    }),
  );
}
await storm.storms[Symbol.asyncDispose]();
while (storm.outbox.count > 0) await turn();
process.exit(0);
