import { type Draft, prelude } from './draft.ts';
import type { DroppedJob } from './evidence.ts';
import { jobKinds } from './job-kinds.ts';
import type { Random } from './random.ts';

/** A file as it is dropped. */
export interface JobFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly executable: boolean;
}

/** Where jobs find what they write to and read. */
export interface Places {
  readonly marks: string;
  /** Holds the pid of the supervisor. */
  readonly supervisor: string;
}

export interface MadeJob {
  readonly file: JobFile;
  readonly job: DroppedJob;
}

export interface JobChoice {
  readonly kind: string;
  readonly key: string;
  /** The id, where it is not the key. */
  readonly id?: string;
  readonly twinFile?: string;
}

/** Writes the file of a job of this kind; its other properties are left to chance. */
export function makeJob(choice: JobChoice, random: Random, places: Places): MadeJob {
  const kind = jobKinds[choice.kind];
  if (!kind) throw new Error(`no kind of job is called ${choice.kind}`);
  const draft = kind.draft(random);
  const { key } = choice;
  const priority = random.chance(0.3) ? random.between(-5, 5) : 0;
  const asJson = random.chance(0.5);
  const job = {
    droppedAtMs: Date.now(),
    key,
    course: draft.course,
    verifier: draft.verifier ?? null,
    onInterrupt: draft.onInterrupt ?? 'retry',
    retries: draft.retries ?? 0,
    outputs: draft.outputs ?? {},
    kills: draft.kills ?? false,
    twinFile: choice.twinFile ?? null,
  } as const;
  if (draft.script !== undefined) {
    const file = { name: `${key}.sh`, content: scriptOf(key, draft.script, places), executable: true };
    return { file, job: { ...job, id: null, file: file.name, priority: 0 } };
  }
  const id = choice.id ?? key;
  const keys = { id, name: key, ...(priority === 0 ? {} : { priority }), ...withPlaces(draft, key, places) };
  const file = asJson
    ? { name: `${key}.json`, content: JSON.stringify(keys), executable: false }
    : { name: `${key}.yaml`, content: yamlOf(keys, ''), executable: false };
  return { file, job: { ...job, id, file: file.name, priority } };
}

const scriptOf = (key: string, text: string, places: Places): string =>
  `#!/bin/sh -e\nMARKS=${places.marks}\nKEY=${key}\n${prelude}m start\n[ -z "$(ls -A)" ] || m dirty\n${text}`;

function withPlaces({ keys }: Draft, key: string, places: Places): Record<string, unknown> {
  const env = { M: prelude, MARKS: places.marks, SUPERVISOR: places.supervisor, KEY: key };
  const verify = keys.verify as Readonly<Record<string, unknown>> | undefined;
  return { ...keys, env, ...(verify ? { verify: { ...verify, env: { KEY: `${key}+verify` } } } : {}) };
}

type Mapping = Readonly<Record<string, unknown>>;

/** As a person would write it: one key a line, texts of several lines in blocks. */
function yamlOf(mapping: Mapping, indent: string): string {
  return Object.entries(mapping)
    .map(([key, value]) => `${indent}${key}:${yamlValue(value, `${indent}  `)}`)
    .join('');
}

function yamlValue(value: unknown, indent: string): string {
  if (typeof value === 'string' && value.endsWith('\n'))
    return ` |\n${value.replace(/^(?=.)/gm, indent).replace(/\n+$/, '\n')}`;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object')) return ` ${JSON.stringify(value)}\n`;
    return `\n${value.map((item) => `${indent}-${yamlOf(item as Mapping, `${indent}  `).slice(indent.length + 1)}`).join('')}`;
  }
  if (typeof value === 'object') return `\n${yamlOf(value as Mapping, indent)}`;
  return ` ${JSON.stringify(value)}\n`;
}
