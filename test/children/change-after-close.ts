/** Asks a ledger for a change after its end, and says what came of it. */
import type { JobId } from '../../src/job/id.ts';
import { Ledger } from '../../src/ledger/ledger.ts';

const ledger = new Ledger(process.argv[2] ?? '');
ledger[Symbol.dispose]();
ledger.reported('a' as JobId).then(
  () => process.stdout.write('made\n'),
  () => process.stdout.write('refused\n'),
);
