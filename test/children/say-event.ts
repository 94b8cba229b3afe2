/** Writes two events to its standard output, and "done" to standard error. */
import { openJournal } from '../../src/journal/journal.ts';
import { Redactor } from '../../src/redact/redactor.ts';

const { emit } = await openJournal(process.env, new Redactor());
emit({ kind: 'trouble.ended', where: 'spool', durationMs: 1 });
emit({ kind: 'supervisor.stopped', interrupted: 1 });
process.stderr.write('done\n');
