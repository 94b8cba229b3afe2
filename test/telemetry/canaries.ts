import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Receiver } from '../harness/receiver.ts';
import type { Root } from '../harness/root.ts';
import type { SupervisorProcess } from '../harness/supervisor.ts';
import { awkward, encodings } from '../redact/encodings.ts';

const pemLines = Array.from({ length: 12 }, (_, index) =>
  Buffer.from(`canary line ${index} of a key`.repeat(2)).toString('base64').slice(0, 64),
);

/** What secrets.env holds, beside the DSN. */
export const secrets: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(awkward).map(([kind, value]) => [`CANARY_${kind.toUpperCase().replaceAll(/[^A-Z]+/g, '_')}`, value]),
  ),
  CANARY_PEM: ['-----BEGIN THING-----', ...pemLines, '-----END THING-----'].join('\n'),
};

/** Each value, and each line of one that has several. */
const values = Object.values(secrets).flatMap((value) => [
  value,
  ...(value.includes('\n') ? value.split('\n').slice(1, -1) : []),
]);

/** Each in each encoding. */
export const texts: readonly string[] = [
  ...new Set(values.flatMap((value) => Object.values(encodings).map((encode) => encode(value)))),
];

export const secretsFile = (dsn: string): string =>
  [`SENTRY_DSN=${dsn}`, ...Object.entries(secrets).map(([name, value]) => `${name}=${quoted(value)}`), ''].join('\n');

function quoted(value: string): string {
  const quote = ["'", '`', '"'].find((mark) => !value.includes(mark));
  assert.ok(quote);
  return `${quote}${value}${quote}`;
}

const needles = texts.map((text) => Buffer.from(text));
const rawNeedles = values.map((value) => Buffer.from(value));

/** The canaries that stand in it, also in base64 that it may hold. */
export function canariesIn(data: Buffer): string[] {
  const found = needles.filter((needle) => data.includes(needle)).map(String);
  for (const [run] of data.toString('latin1').matchAll(/[A-Za-z0-9+/_-]{12,}/g)) {
    for (const offset of [0, 1, 2, 3]) {
      const decoded = Buffer.from(run.slice(offset), 'base64');
      found.push(
        ...rawNeedles.filter((needle) => decoded.includes(needle)).map((needle) => `base64 of ${needle.toString()}`),
      );
    }
  }
  return found;
}

/** Every file below the root but those whose path matches. */
function filesOf(root: Root, exempt: RegExp): string[] {
  return readdirSync(root.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !exempt.test(relative(root.path, path)));
}

/** Looks into every file, into every request, and at what the supervisors said. Answers how many files there were. */
export function searchAll(
  root: Root,
  receiver: Receiver,
  supervisors: readonly SupervisorProcess[],
  exempt: RegExp,
): string[] {
  const files = filesOf(root, exempt);
  for (const path of files) {
    if (!existsSync(path)) continue; // Delivered meanwhile.
    assert.deepEqual(canariesIn(readFileSync(path)), [], relative(root.path, path));
    assert.deepEqual(canariesIn(Buffer.from(relative(root.path, path))), [], 'the name of a file');
  }
  for (const { raw, id } of receiver.events) assert.deepEqual(canariesIn(raw), [], `event ${id}`);
  for (const { lines, stderr } of supervisors) {
    for (const line of lines) assert.deepEqual(canariesIn(Buffer.from(line.raw)), [], line.raw);
    assert.deepEqual(canariesIn(Buffer.from(stderr)), [], 'standard error');
  }
  return files.map((path) => relative(root.path, path));
}
