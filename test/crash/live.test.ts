import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CrashReading } from '../../src/crash/exception.ts';
import { readCrash } from '../../src/crash/read.ts';
import { deathsOf, programsOf } from './corpus.ts';
import { findInterpreter, runIn } from './programs.ts';

/*
 * The programs of the corpus, run here: what is read of their own code is what the corpus says. What is the language's
 * own differs from release to release.
 */

const { path: python, skip } = findInterpreter('/usr/bin/python3', 'python3');
const isRecorded = spawnSync(python, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('Python 3.11.') ?? false;
const pythonSkip = skip || (!isRecorded && `SYSTEM: ${python} is not the Python 3.11 of the corpus`);

function ownOf(reading: CrashReading | null, directory: string): unknown {
  const own = (text: string): string => text.replaceAll(directory, '/srv/job/');
  return reading?.exceptions.map(({ frames, value, ...rest }) => ({
    ...rest,
    value: own(value).replaceAll(/line \d+/g, 'line'),
    frames: frames
      .filter(({ inApp }) => inApp)
      .map((frame) => ({ ...frame, file: own(frame.file ?? ''), source: own(frame.source ?? '') })),
  }));
}

/** Of these the words are not the same each time: a path, an address, a limit of memory. */
const unlike = new Set(['path-mjs', 'heap-cjs', 'cause', 'enoent-mjs']);

for (const [language, program] of [
  ['python', python],
  ['node', process.execPath],
] as const)
  void test(`the ${language} programs of the corpus, run here, are read as it says`, {
    skip: language === 'python' && pythonSkip,
  }, async () => {
    using place = mkdtempDisposableSync(join(tmpdir(), 'booty-live-'));
    cpSync(programsOf(language), place.path, { recursive: true });
    if (language === 'node') {
      mkdirSync(join(place.path, 'node_modules/rows'), { recursive: true });
      cpSync(join(place.path, 'modules/rows.js'), join(place.path, 'node_modules/rows/index.js'));
    }
    const deaths = deathsOf(language).filter(({ name }) => !/^(?:python\d|node\d)/.test(name) && !unlike.has(name));
    assert.ok(deaths.length >= 30, `only ${deaths.length}`);
    const waiting = [...deaths];
    const work = async (): Promise<void> => {
      for (let death = waiting.shift(); death; death = waiting.shift()) {
        const { name, reading } = death;
        const fileName = language === 'python' ? `${name}.py` : name.replace(/-(?=[a-z]+$)/, '.');
        const words = await runIn(place.path, program, fileName);
        assert.notEqual(words.status, 0, name);
        assert.deepEqual(ownOf(readCrash(words.stderr, ''), words.directory), ownOf(reading, '/srv/job/'), name);
      }
    };
    await Promise.all([work(), work(), work()]);
  });
