/** Writes 3000 events while nobody reads, says on standard error what waiting cost, and lives until all is written. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openJournal } from '../../src/journal/journal.ts';
import { Redactor } from '../../src/redact/redactor.ts';

// Whoever touches this stream makes a pipe one that does not block.
const { writable } = process.stdout;
const { emit } = await openJournal({}, new Redactor());
for (let index = 0; index < 3000; index += 1) emit({ kind: 'supervisor.stopped', interrupted: index });
const before = process.cpuUsage();
await sleep(300);
const { user, system } = process.cpuUsage(before);
process.stderr.write(`${writable ? Math.round((user + system) / 1000) : 'closed'}\n`);
