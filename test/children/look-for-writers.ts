/** Asks for half a second whether somebody writes to a file: DIRECTORY NAME. */
import { isBeingWritten } from '../../src/spool/claim.ts';

const [directory = '', name = ''] = process.argv.slice(2);
for (const until = performance.now() + 500; performance.now() < until; ) isBeingWritten(directory, name);
process.stdout.write('done\n');
