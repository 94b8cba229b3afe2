import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readCrash } from '../../src/crash/read.ts';
import { programsOf, type SdkEvent } from './corpus.ts';
import { type Difference, isReadLikeSdk } from './sdk.ts';
import { differences as nodeDifferences } from './sdk-differences/node.ts';
import { differences as pythonDifferences } from './sdk-differences/python.ts';
import { differences as rubyDifferences } from './sdk-differences/ruby.ts';

/*
 * Programs of the corpus die here, once by themselves and once with the SDK of Sentry inside, and both are compared: what
 * the recordings of the corpus show for all of them still holds. BOOTY_SDK=all takes every program: minutes.
 */

const home = join(import.meta.dirname, '../..');
const takesAll = process.env['BOOTY_SDK'] === 'all';

interface Comparison {
  readonly language: string;
  readonly known: readonly Difference[];
  /** Those that are run where not all are. */
  readonly some: readonly string[];
  /** Those whose readings are compared in the corpus, and of which the SDK is told in time. */
  readonly least: number;
  /** Says with exit status 0 that the SDK is the one of the corpus. */
  readonly probe: readonly [string, ...string[]];
}

const comparisons: readonly Comparison[] = [
  {
    language: 'python',
    known: pythonDifferences,
    some: ['chain', 'group_nested', 'from_none', 'library', 'syntax', 'thread'],
    least: 40,
    probe: [
      '/usr/bin/python3',
      '-c',
      'import sentry_sdk, sys; sys.exit(sentry_sdk.VERSION != "1.9.10" or sys.version_info[:2] != (3, 11))',
    ],
  },
  {
    language: 'ruby',
    known: rubyDifferences,
    some: ['causes', 'gem', 'heredoc', 'many-lines', 'nested-blocks', 'raise'],
    least: 50,
    probe: [
      'ruby',
      '-e',
      'require "sentry-ruby"; exit(Sentry::VERSION == "5.3.0" && RUBY_VERSION.start_with?("3.1."))',
    ],
  },
  {
    language: 'node',
    known: nodeDifferences,
    some: ['aggregate-mjs', 'async-mjs', 'cause_deep-cjs', 'enoent-mjs', 'thrown_object-cjs', 'typescript-mts'],
    least: 39,
    probe: ['true'],
  },
];

function lacking([program, ...args]: Comparison['probe']): string | false {
  if (spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0)
    return 'SYSTEM: needs root, and a mount namespace of its own';
  return spawnSync(program, args).status === 0 ? false : `SYSTEM: there is no SDK of Debian 12 for ${program}`;
}

/** What `make corpus` runs, on a copy: it writes beside the programs what they printed, and what the SDK sent. */
async function record({ language, some }: Comparison, place: string): Promise<string> {
  const corpus = join(place, 'test/corpus');
  mkdirSync(corpus, { recursive: true });
  for (const name of ['bin', 'runtime', 'node_modules', 'package.json'])
    if (existsSync(join(home, name))) symlinkSync(join(home, name), join(place, name));
  cpSync(programsOf(language), join(corpus, language, 'programs'), { recursive: true });
  const script = join(corpus, `make-${language}.sh`);
  cpSync(join(home, `test/corpus/make-${language}.sh`), script);
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...(takesAll ? {} : { ONLY: some.join(' ') }) };
  await promisify(execFile)(script, [], { env, timeout: 400_000 });
  return join(corpus, language);
}

for (const comparison of comparisons) {
  const { language, known, some, least, probe } = comparison;
  void test(`${language} programs that die here are read as the SDK of Sentry in them sees it`, {
    skip: lacking(probe),
  }, async () => {
    // Not in memory, where another file system may be mounted over it.
    using place = mkdtempDisposableSync('/tmp/booty-sdk-');
    const directory = await record(comparison, place.path);
    const sent = readdirSync(directory).flatMap((name) => /^(.+)\.sdk\.json$/.exec(name)?.[1] ?? []);
    if (takesAll) assert.ok(sent.length >= least, `${sent.length} events`);
    else assert.deepEqual(sent.sort(), some.toSorted());
    for (const name of sent) {
      const reading = readCrash(readFileSync(join(directory, `${name}.txt`), 'utf8'), '');
      const events = JSON.parse(readFileSync(join(directory, `${name}.sdk.json`), 'utf8')) as SdkEvent[];
      isReadLikeSdk(name, reading, events, known);
    }
  });
}
