/** Has a file refused: PATH REJECTED. */
import { refuseFile } from '../../src/spool/refuse.ts';

const [path = '', rejected = ''] = process.argv.slice(2);
refuseFile(path, rejected, { version: 1, file: 'x', refusedAt: '', code: 'FILE_TYPE', message: '', hint: '' });
