/** Opens the ledger at a path, as a supervisor does, closes it, and says what came of it. */
import { BootyError } from '../../src/job/error.ts';
import { Ledger } from '../../src/ledger/ledger.ts';

try {
  new Ledger(process.argv[2] ?? '')[Symbol.dispose]();
  process.stdout.write('opened\n');
} catch (error) {
  process.stdout.write(`${error instanceof BootyError ? error.code : String(error)}\n`);
}
