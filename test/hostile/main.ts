import { inspect } from 'node:util';
import { runRounds } from './rounds.ts';

/*
 * make hostile: BOOTY_ROUNDS rounds (1,000) of all hostile jobs under one supervisor, in which nothing may be left behind.
 */
const rounds = Number(process.env.BOOTY_ROUNDS || 1000);
const began = performance.now();
const flaws = await runRounds(rounds, (line) => process.stdout.write(`${line}\n`)).catch((error: unknown) => {
  // With what went wrong first, where putting things away went wrong as well.
  process.stdout.write(`${inspect(error, { depth: 10 })}\n`);
  return ['it could not go on'];
});
for (const flaw of flaws) process.stdout.write(`${flaw}\n`);
process.stdout.write(
  `${rounds} rounds in ${((performance.now() - began) / 1000).toFixed(0)} s, ${flaws.length} flaws\n`,
);
process.exitCode = flaws.length === 0 ? 0 : 1;
