import { createHash } from 'node:crypto';
import type { BadFile } from './evidence.ts';
import { type JobFile, makeJob, type Places } from './job-files.ts';
import { Random } from './random.ts';

/** A file that must be refused; a link and a FIFO have no content. */
export type MadeBadFile = { readonly badFile: BadFile } & (
  | { readonly kind: 'file'; readonly file: JobFile }
  | { readonly kind: 'link' | 'fifo' }
);

/** The refusals, each with how often it is earned. */
export const badKinds = {
  syntax: 3,
  'unknown-key': 3,
  'wrong-value': 2,
  'no-steps': 2,
  'equal-keys': 1,
  'several-documents': 1,
  'not-text': 1,
  empty: 2,
  'too-large': 0.5,
  'plain-script': 1,
  link: 1,
  fifo: 1,
} as const;
export type BadKind = keyof typeof badKinds;

/** Those that are one bad line in a job that would run. */
const lines: Partial<Record<BadKind, { readonly line: string; readonly code: string }>> = {
  syntax: { line: 'tags: { a: [b }', code: 'SYNTAX' },
  'unknown-key': { line: 'prioritty: 3', code: 'UNKNOWN_KEY' },
  'wrong-value': { line: 'timeout: 90', code: 'INVALID_VALUE' },
  'several-documents': { line: '---\nrun: "true"', code: 'SEVERAL_DOCUMENTS' },
};

export function makeBadFile(kind: BadKind, key: string, places: Places): MadeBadFile {
  const name = `${key}.bad.yaml`;
  const made = (code: string, content: string | Uint8Array, fileName = name): MadeBadFile => ({
    kind: 'file',
    file: { name: fileName, content, executable: false },
    badFile: { droppedAtMs: Date.now(), file: fileName, code, sha256: hashOf(content), key },
  });
  if (kind === 'link' || kind === 'fifo')
    return { kind, badFile: { droppedAtMs: Date.now(), file: name, code: 'FILE_TYPE', sha256: null, key } };
  if (kind === 'empty') return made('EMPTY', '');
  if (kind === 'not-text') return made('NOT_UTF8', Buffer.from([0x72, 0x75, 0x6e, 0x3a, 0x20, 0xff, 0xfe, 0x0a]));
  if (kind === 'equal-keys') return made('SYNTAX', `{"run": "true", "run": "false"}\n`, `${key}.bad.json`);
  if (kind === 'no-steps') return made('INVALID_VALUE', 'priority: 3\n');
  if (kind === 'too-large') return made('TOO_LARGE', `# ${'x'.repeat(1024 ** 2)}\nrun: "true"\n`);
  if (kind === 'plain-script') return made('INVALID_VALUE', '#!/bin/sh\nexit 0\n', `${key}.bad.sh`);
  const line = lines[kind];
  if (!line) throw new Error(`no bad line for ${kind}`);
  return made(
    line.code,
    `name: ${key}\nenv: { MARKS: ${places.marks}, KEY: ${key} }\nrun: echo "start $KEY 1 0" >> "$MARKS"\n${line.line}\n`,
  );
}

/** A sound job whose id is taken already. */
export function makeDuplicate(id: string, key: string, places: Places): MadeBadFile {
  const { file } = makeJob({ kind: 'quick', key, id }, new Random(0), places);
  return {
    kind: 'file',
    file,
    badFile: { droppedAtMs: Date.now(), file: file.name, code: 'DUPLICATE_ID', sha256: hashOf(file.content), key },
  };
}

const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
