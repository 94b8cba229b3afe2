/** Takes the supervisor's lock at a path, starts a child that outlives it, says the child's pid, and holds on. */
import { spawn } from 'node:child_process';
import { takeSupervisorLock } from '../../src/ledger/lock.ts';

const lock = takeSupervisorLock(process.argv[2] ?? '');
const child = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
process.stdout.write(`${child.pid}\n`);
setInterval(() => lock.path, 1000);
