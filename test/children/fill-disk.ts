/** Uses a ledger on a small file system of its own, which it fills: DIRECTORY. Says "done" where all is as it should be. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../src/disk/durable.ts';
import { checkRefusals, type Room } from '../ledger/refusing.ts';

const directory = process.argv[2] ?? '';
const filler = join(directory, 'filler');

const room: Room = {
  take() {
    const file = openSync(filler, 'w');
    const page = Buffer.alloc(4096);
    try {
      for (;;) writeSync(file, page);
    } catch (error) {
      if (errorCode(error) !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  },
  give: () => rmSync(filler),
};
await checkRefusals(join(directory, 'ledger.db'), room);
process.stdout.write('done\n');
