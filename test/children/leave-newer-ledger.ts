/** Writes to the ledger at a path, marks it as a newer Booty's, says so, and holds on: whoever kills it leaves its log beside it. */
import { DatabaseSync } from 'node:sqlite';
import { instant } from '../../src/job/units.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { drop } from '../schedule/jobs.ts';

const path = process.argv[2] ?? '';
const ledger = new Ledger(path);
await ledger.accept([drop('a')], instant(0));
const database = new DatabaseSync(path);
database.exec('PRAGMA user_version = 99');
process.stdout.write('ready\n');
setInterval(() => [ledger, database], 1000);
