import type { JobId } from '../job/id.ts';
import { withoutTerminalCodes } from '../job/plain-line.ts';
import { KeyLines } from '../redact/private-key.ts';
import type { Redactor } from '../redact/redactor.ts';
import { Bucket, type Rate } from './bucket.ts';
import type { Emit } from './event.ts';
import { type JobFields, lineHead } from './record.ts';
import type { RecordChannel } from './record-channel.ts';

type StreamName = 'stdout' | 'stderr';

export interface LineParts {
  readonly channel: Pick<RecordChannel, 'isBehind' | 'send'>;
  readonly redactor: Redactor;
  readonly emit: Emit;
  /** Milliseconds that only go forward. */
  readonly clock: () => number;
  /** Of all attempts together. */
  readonly total: Bucket;
}

export interface AttemptOfLines {
  readonly id: JobId;
  readonly attempt: number;
  readonly fields: JobFields;
  /** Whether standard output is left to the log. */
  readonly onlyErrors: boolean;
}

/** As journald itself cuts lines (LineMax= of journald.conf(5)). */
const maxLineBytes = 48 * 1024;
/** Lines of one attempt. A long one counts as several. */
const ownRate: Rate = { burst: 10_000, perSecond: 100 };
const bytesThatCountAsLine = 512;
/** Once lines are left out, it goes on with so many at a time: not one by one, each with a record that tells of the others. */
const resumeAt = 100;
/** syslog(3): information, and what a person should rather see. Either is changed by `<3>` before a line (sd-daemon(3)). */
const priorities = { stdout: 6, stderr: 5 } as const;

const lineFeed = 0x0a;
const empty = Buffer.alloc(0);

/** What comes on one stream. */
class Stream {
  /** The beginning of a line whose end has not come. */
  rest: Buffer = empty;
  /** Whether the line under way is left out. */
  skips = false;
  readonly keys = new KeyLines();
}

/**
 * What one attempt prints, line by line, as records. What is more than it may, or than journald takes, is left out and
 * counted; the log has it.
 */
export class AttemptLines {
  readonly #of: AttemptOfLines;
  readonly #parts: LineParts;
  readonly #own: Bucket;
  readonly #streams = { stdout: new Stream(), stderr: new Stream() };
  readonly #heads = new Map<string, string>();
  #step = '';
  #isLosing = false;
  #lost = 0;

  constructor(of: AttemptOfLines, parts: LineParts) {
    this.#of = of;
    this.#parts = parts;
    this.#own = new Bucket(ownRate, parts.clock());
  }

  beginStep(step: string): void {
    this.#endLines();
    this.#step = step;
    this.#heads.clear();
  }

  /** @param chunk read before this returns, and not kept */
  write(name: StreamName, chunk: Buffer): void {
    if (this.#of.onlyErrors && name === 'stdout') return;
    const stream = this.#streams[name];
    if (this.#isLosing && !this.#mayGoOn()) {
      this.#lose(stream, chunk);
      return;
    }
    const from = stream.skips ? chunk.indexOf(lineFeed) + 1 : 0;
    if (stream.skips) {
      if (from === 0) return;
      this.#lost += 1;
      stream.skips = false;
    }
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end > from) {
      const whole = chunk.subarray(from, end);
      const bytes = stream.rest.length > 0 ? Buffer.concat([stream.rest, whole]) : whole;
      stream.rest = empty;
      this.#sendLines(name, bytes);
    }
    if (end < chunk.length) this.#keep(name, chunk.subarray(Math.max(from, end)));
  }

  /** No more comes. */
  end(): void {
    this.#endLines();
    this.#tellLost();
  }

  #endLines(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#streams[name];
      if (stream.skips || (this.#isLosing && stream.rest.length > 0)) this.#lost += 1;
      else if (stream.rest.length > 0) this.#sendLines(name, stream.rest);
      stream.rest = empty;
      stream.skips = false;
    }
  }

  /** The beginning of a line; one that has grown too long goes in pieces. */
  #keep(name: StreamName, bytes: Buffer): void {
    const stream = this.#streams[name];
    if (this.#isLosing) {
      stream.skips = true;
      return;
    }
    stream.rest = Buffer.concat([stream.rest, bytes]);
    while (stream.rest.length >= maxLineBytes && !this.#isLosing) {
      this.#sendLines(name, stream.rest.subarray(0, maxLineBytes));
      stream.rest = Buffer.from(stream.rest.subarray(maxLineBytes));
    }
    if (this.#isLosing) this.#skip(stream);
  }

  #skip(stream: Stream): void {
    stream.rest = empty;
    stream.skips = true;
  }

  #sendLines(name: StreamName, bytes: Buffer): void {
    const stream = this.#streams[name];
    const { redactor } = this.#parts;
    const lines = stream.keys.without(plainLines(bytes.toString()));
    // What is taken out may go over several lines.
    const clean = lines.length === 0 ? [] : redactor.text(lines.join('\n')).split('\n');
    for (const [index, line] of clean.entries()) {
      if (line === '' || this.#send(name, line)) continue;
      this.#isLosing = true;
      this.#lost += clean.length - index - (clean.at(-1) === '' ? 1 : 0);
      return;
    }
  }

  /** False where it may not go. */
  #send(name: StreamName, line: string): boolean {
    if (line.length > maxLineBytes)
      return this.#send(name, line.slice(0, maxLineBytes)) && this.#send(name, line.slice(maxLineBytes));
    const { channel, total, clock } = this.#parts;
    const cost = 1 + Math.floor(line.length / bytesThatCountAsLine);
    const now = clock();
    const left = this.#own.left(now);
    // The last half is for attempts that print little.
    const reserved = left > 0.9 * ownRate.burst ? 0 : total.rate.burst / 2;
    if (left < cost || total.left(now) < cost + reserved) return false;
    const [prefix, level] = line.startsWith('<') ? (/^<([0-7])>/.exec(line) ?? []) : [];
    const head = this.#headOf(name, level === undefined ? priorities[name] : Number(level));
    const record = `${head}${prefix === undefined ? line : line.slice(prefix.length)}\n`;
    if (!channel.send(Buffer.from(record), 'line')) return false;
    this.#own.take(cost);
    total.take(cost);
    return true;
  }

  #headOf(name: StreamName, priority: number): string {
    const key = `${name} ${priority}`;
    const known = this.#heads.get(key);
    if (known !== undefined) return known;
    const head = lineHead({ ...this.#of.fields, BOOTY_STEP: this.#step, BOOTY_STREAM: name }, priority);
    this.#heads.set(key, head);
    return head;
  }

  #lose(stream: Stream, chunk: Buffer): void {
    let lines = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) lines += 1;
    this.#lost += lines;
    stream.rest = empty;
    stream.skips = chunk.at(-1) !== lineFeed;
  }

  #mayGoOn(): boolean {
    const { channel, total, clock } = this.#parts;
    const now = clock();
    if (this.#own.left(now) < resumeAt || total.left(now) < total.rate.burst / 2 + resumeAt || channel.isBehind)
      return false;
    this.#isLosing = false;
    this.#tellLost();
    return true;
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const { id, attempt } = this.#of;
    this.#parts.emit({ kind: 'output.dropped', id, attempt, lines: this.#lost });
    this.#lost = 0;
  }
}

const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

/** Each as a terminal would show it at last: journalctl shows a line with a colour in it, or a bar that grew, as `[89B blob data]`. */
function plainLines(text: string): string[] {
  const lines = text.split('\n');
  if (!control.test(text)) return lines;
  return lines.map((line) => {
    const shown = withoutTerminalCodes(line.replace(/\r$/, ''));
    return shown.slice(shown.lastIndexOf('\r') + 1).replace(new RegExp(control, 'g'), ' ');
  });
}
