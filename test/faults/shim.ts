import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Decision, decide } from '../system/prerequisites.ts';
import { scratch } from './scratch.ts';

const compiler = ['gcc', '-std=gnu17', '-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror'] as const;
const sources = join(import.meta.dirname, 'shim');

/** Whether tests that need the shim run; where there is no compiler they are skipped, and on CI they fail. */
export const decision: Decision = decide(process.env, missingPrerequisite());

/** For the option `skip` of a test. */
export const skip: string | false = decision.kind === 'skip' ? decision.reason : false;

let built: string | null = null;

/** The path of the shim, compiled once in this process. @throws where it cannot be */
export function builtShim(): string {
  if (decision.kind === 'fail') throw new Error(decision.reason);
  return (built ??= build());
}

function build(): string {
  const library = scratch('shim.so');
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
  const [command, ...flags] = compiler;
  execFileSync(command, [...flags, '-o', library, ...files.map((name) => join(sources, name)), '-ldl'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return library;
}

function missingPrerequisite(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
  const [command, ...flags] = compiler;
  // With a header, so that a compiler without its library is found out here.
  const probe = spawnSync(command, [...flags, '-x', 'c', '-', '-o', '/dev/null'], { input: '#include <stdio.h>\n' });
  return probe.status === 0 ? null : 'needs a C compiler (gcc and libc6-dev of test/debian-packages.txt)';
}
