/** Opens a file for writing and closes it, over and over, until it is killed: PATH. */
import { closeSync, constants, openSync } from 'node:fs';

const path = process.argv[2] ?? '';
process.stdout.write('ready\n');
for (;;) closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND));
