/** Prints the texts of a file (a JSON list) in the way that is asked for: `print-canaries.ts FILE MODE`. */
import { appendFileSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

const [file = '', mode = ''] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(file, 'utf8')) as readonly string[];
const border = 64 * 1024;
const variable = (name: string): string => process.env[name] ?? '';

function writeAll(descriptor: number, text: string | Uint8Array): void {
  const data = Buffer.from(text);
  for (let done = 0; done < data.length; ) done += writeSync(descriptor, data, done);
}

const modes: Readonly<Record<string, () => void>> = {
  lines: () => {
    for (const descriptor of [1, 2]) for (const text of texts) writeAll(descriptor, `<${text}>\n`);
    process.exit(3);
  },
  /** Each byte by itself, the streams in turn. */
  bytes: () => {
    const data = Buffer.from(texts.slice(0, 400).join('\n'));
    for (let at = 0; at < data.length; at += 1)
      for (const descriptor of [1, 2]) writeAll(descriptor, data.subarray(at, at + 1));
    process.exit(3);
  },
  /** Each over a place where a full buffer of a reader ends. */
  borders: () => {
    for (const descriptor of [1, 2]) {
      let written = 0;
      for (const [index, text] of texts.entries()) {
        const bytes = Buffer.from(text);
        const before = border - ((written + (index % Math.max(1, bytes.length))) % border);
        const filled = Buffer.concat([Buffer.alloc(before, '.'), bytes]);
        writeAll(descriptor, filled);
        written += filled.length;
      }
    }
    process.exit(3);
  },
  traceback: () => {
    const rows = texts.flatMap((text, index) => [
      `  File "/app/x.py", line ${index + 1}, in f`,
      `    connect("${text.replaceAll('\n', ' ')}")`,
    ]);
    writeAll(
      2,
      ['Traceback (most recent call last):', ...rows.slice(-200), `ValueError: ${texts.join(' ')}`, ''].join('\n'),
    );
    process.exit(1);
  },
  'node-error': () => {
    throw Object.assign(new Error(texts.slice(0, 30).join(' ')), {
      code: 'E_X',
      config: { all: texts, [texts[0] ?? '']: 1 },
    });
  },
  /** Colours within a value. */
  colours: () => {
    writeAll(
      2,
      texts
        .map((text) => `${text.slice(0, 3)}\u001b[31m${text.slice(3)}\u001b[0m`)
        .filter((text) => !text.includes('\n'))
        .join('\n'),
    );
    process.exit(3);
  },
  outputs: () => {
    texts.forEach((text, index) => appendFileSync(variable('BOOTY_OUTPUT'), `key_${index % 100}=${text}\n`));
  },
  verdict: () => {
    writeFileSync(variable('BOOTY_VERDICT'), `${'x'.repeat(990)}${texts.join(' ')}\n`);
    process.exit(1);
  },
  'verdict-printed': () => {
    writeAll(1, `${texts.join(' ').replaceAll('\n', ' ')}\n`);
    process.exit(1);
  },
  hang: () => {
    for (const text of texts) writeAll(1, `<${text}>\n`);
    writeAll(2, 'all is printed\n');
    setTimeout(() => undefined, 60_000);
  },
};

modes[mode]?.();
