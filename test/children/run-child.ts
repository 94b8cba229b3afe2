/** Runs a program as the child of a step, and prints what it printed and its exit: PROGRAM ARG… */
import { startChild } from '../../src/run/child.ts';

const [program = '', ...args] = process.argv.slice(2);
const env = { PATH: '/usr/bin:/bin' };
const child = await startChild({ argv: [program, ...args], cwd: '/', env }, (_, chunk) => process.stdout.write(chunk));
if (child.kind === 'spawn') throw new Error(child.message);
const { exit } = await child.exited;
await child.drained;
process.stdout.write(`${JSON.stringify(exit)}\n`);
