import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrash } from '../../src/crash/read.ts';
import { deathsOf, languages, ordinaryOf } from './corpus.ts';

/*
 * What the world puts around the last words of a program: each kind around each sample of each language, which is to be
 * read as if nothing were there.
 */

interface Noise {
  readonly put: (text: string) => string;
  /** Whether it may be a log, where a single line that only counts as the last one tells of no death. */
  readonly isLog?: boolean;
}

const trimmed = (line: string): string => line.trimEnd();
const eachLine = (put: (line: string, at: number) => string) => (text: string) =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, at) => put(line, at))
    .join('\n') + (text.endsWith('\n') ? '\n' : '');
const two = (at: number): string => String(at % 60).padStart(2, '0');

const noises: Readonly<Record<string, Noise>> = {
  'by docker compose': { put: eachLine((line) => `load-1  | ${line}`) },
  'by docker compose, without the spaces at the end': { put: eachLine((line) => trimmed(`load-1  | ${line}`)) },
  'by docker compose, in colour': { put: eachLine((line) => `\u001b[36mload-1  |\u001b[0m ${line}`) },
  'by docker compose, mixed with another container': {
    put: eachLine((line, at) => `${at % 3 === 0 ? `db-1    | checkpoint ${at}\n` : ''}load-1  | ${line}`),
  },
  'by docker compose, before what it says itself': {
    put: (text) =>
      `${noises['by docker compose']?.put(text).trimEnd()}\nload-1 exited with code 1${/\n?$/.exec(text)?.[0]}`,
  },
  'by foreman': { put: eachLine((line, at) => `01:02:${two(at)} load.1   | ${line}`), isLog: true },
  'by docker logs -t': {
    put: eachLine((line, at) => `2026-11-24T01:02:${two(at)}.123456789Z ${line}`),
    isLog: true,
  },
  'by ts': { put: eachLine((line, at) => `Nov 24 01:02:${two(at)} ${line}`), isLog: true },
  'by a log with the time': { put: eachLine((line, at) => `[2026-11-24 01:02:${two(at)},123] ${line}`), isLog: true },
  'by kubelet': {
    put: eachLine((line, at) => `2026-11-24T01:02:${two(at)}.123456789+01:00 stderr F ${line}`),
    isLog: true,
  },
  'by klog': {
    put: eachLine((line, at) => `E1124 01:02:${two(at)}.123456       7 load.go:${at + 3}] ${line}`),
    isLog: true,
  },
  'by syslog': { put: eachLine((line, at) => `Nov 24 01:02:${two(at)} host load[4711]: ${line}`), isLog: true },
  'by kubectl --prefix': { put: eachLine((line) => `[pod/load-7d9/main] ${line}`), isLog: true },
  'by compose of a log': {
    put: eachLine((line, at) => `load-1  | 2026-11-24T01:02:${two(at)}Z ${line}`),
    isLog: true,
  },
  'by sed': {
    put: (text) => eachLine((line) => `nightly load: ${line}`)(`reading rows\n7 rows\nwriting rows\n${text}`),
    isLog: true,
  },
  'by a terminal': { put: (text) => text.replaceAll('\n', '\r\r\n') },
  'behind a progress bar': { put: (text) => ` 10% |█   |\r 99% |███ |\r${text}` },
  'behind a title that is never closed': { put: (text) => `\u001b]0;load\n${text}` },
};

for (const language of languages) {
  const deaths = deathsOf(language).map((death) => ({
    ...death,
    isLastWords: readCrash(`${death.text.trimEnd()}\n\nINFO going on\n`, '') === null,
  }));
  for (const [how, { put, isLog = false }] of Object.entries(noises))
    void test(`deaths of ${language} programs are read as they are put ${how}`, () => {
      for (const { name, text, reading, isLastWords } of deaths)
        assert.deepEqual(readCrash(put(text), ''), isLog && isLastWords ? null : reading, name);
    });
}

for (const [how, { put }] of Object.entries(noises))
  void test(`ordinary output is no death, put ${how}`, () => {
    for (const [name, text] of ordinaryOf('')) assert.equal(readCrash(put(text), ''), null, name);
  });
