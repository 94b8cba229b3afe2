import { closeSync, mkdtempSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { poll } from './waiting.ts';

const [unixFamily, datagram, nonBlocking, closeOnExec] = [1, 2, 0o4000, 0o2000000];

/** The fields of a record; those of which there are several have their values as they came, one after the other. */
export type Fields = Readonly<Record<string, string>>;

/** A socket of datagrams where journald's would be. It reads when it is told to. */
export class FakeJournald implements Disposable {
  readonly path: string;
  /** What was read so far. */
  readonly records: Fields[] = [];
  /** The same, as it came. */
  readonly raw: Buffer[] = [];
  readonly #directory: string;
  readonly #file: number;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'booty-journald-'));
    this.path = join(this.#directory, 'socket');
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int domain, int type, int protocol)') as (...of: number[]) => number;
    const bind = libc.func('int bind(int fd, const void *address, uint32_t size)') as (
      file: number,
      address: Uint8Array,
      size: number,
    ) => number;
    this.#file = socket(unixFamily, datagram | nonBlocking | closeOnExec, 0);
    const address = Buffer.concat([Buffer.of(unixFamily, 0), Buffer.from(this.path), Buffer.of(0)]);
    if (bind(this.#file, address, address.length) !== 0) throw new Error(`cannot bind ${this.path}`);
  }

  /** Takes what is there, at most so many records. Answers how many those were. */
  read(most = Number.POSITIVE_INFINITY): number {
    const buffer = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < most; count += 1) {
      const length = this.#readOne(buffer);
      if (length === null) return count;
      const record = Buffer.from(buffer.subarray(0, length));
      this.raw.push(record);
      this.records.push(fieldsOf(record));
    }
    return most;
  }

  /** Reads on until there is such a record. */
  async record(wanted: Fields, timeoutMs = 10_000): Promise<Fields> {
    const find = (): Fields | undefined => {
      this.read();
      return this.matching(wanted)[0];
    };
    return poll(`a record ${JSON.stringify(wanted)}`, find, { timeoutMs, state: () => this.#tail() });
  }

  matching(wanted: Fields): Fields[] {
    return this.records.filter((record) => Object.entries(wanted).every(([field, value]) => record[field] === value));
  }

  #tail(): string {
    return this.records
      .slice(-20)
      .map((record) => JSON.stringify(record))
      .join('\n');
  }

  /** Null where nothing is there. */
  #readOne(buffer: Buffer): number | null {
    try {
      return readSync(this.#file, buffer);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Reads a record as journald does (journald-native.c). @throws where it is none */
function fieldsOf(record: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  if (record.at(-1) !== 0x0a) throw new Error(`a record does not end with its line: ${record.toString()}`);
  for (const line of record.toString().slice(0, -1).split('\n')) {
    const [, field, value] = /^([A-Z][A-Z0-9_]{0,63})=(.*)$/s.exec(line) ?? [];
    if (field === undefined || value === undefined) throw new Error(`no field: ${JSON.stringify(line)}`);
    fields[field] = field in fields ? `${fields[field]}\n${value}` : value;
  }
  return fields;
}
