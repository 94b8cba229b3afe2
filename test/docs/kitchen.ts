import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { ended, plainEnvironment, program } from '../harness/program.ts';
import { Root, type RootOptions } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import type { Page } from './page.ts';

export interface Cooked {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a recipe is tried: a supervisor, a directory with the files of the page, and programs that stand in for those it names. */
export class Kitchen implements AsyncDisposable {
  readonly supervisor: SupervisorProcess;
  readonly #page: Page;

  private constructor(page: Page, supervisor: SupervisorProcess) {
    this.#page = page;
    this.supervisor = supervisor;
  }

  static async open(page: Page, options: RootOptions = {}): Promise<Kitchen> {
    const root = await Root.make(options);
    await root.write('srv/.there', '');
    await root.write('page/.there', '');
    // Files may be dropped by other users.
    chmodSync(root.path, 0o755);
    try {
      return new Kitchen(page, await SupervisorProcess.start(root));
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  get root(): Root {
    return this.supervisor.root;
  }

  /** A file of the page, as it would be here: /srv is below the root. */
  file(title: string): string {
    return this.#here(this.#page.file(title));
  }

  /** The page's blocks for a shell, those that are whole files aside. */
  lines(index = 0): string {
    const blocks = this.#page.blocks.filter(({ language, code }) => language === 'sh' && !code.startsWith('#!'));
    const block = blocks[index];
    assert.ok(block, `${this.#page.path} has ${index + 1} blocks of sh`);
    return this.#here(block.code);
  }

  /** A program that stands in for one that the page names. $HERE is a directory that jobs may leave things in. */
  async standIn(name: string, script: string): Promise<void> {
    await this.root.write(`bin/${name}`, `#!/bin/sh\nHERE=${this.root.in('srv')}\n${script}\n`, 0o755);
  }

  /** A job file of the page that finds the stand-ins, with other keys where they are given. */
  job(title: string, change: Readonly<Record<string, unknown>> = {}): string {
    return JSON.stringify(this.#withPath({ ...(parse(this.file(title)) as Record<string, unknown>), ...change }));
  }

  /** Puts a file where the page's shell lines look for it. */
  put(title: string, content: string = this.file(title)): Promise<void> {
    return this.root.write(`page/${title}`, content, 0o755);
  }

  /** Runs what a shell is told on the page, where the files lie. */
  async sh(script: string): Promise<Cooked> {
    const child = spawn('sh', ['-c', script], {
      cwd: this.root.in('page'),
      env: {
        ...plainEnvironment,
        PATH: `${dirname(program)}:${plainEnvironment.PATH}`,
        BOOTY_ROOT: this.root.path,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    });
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
    return { status, stdout, stderr };
  }

  outcome(id: string): Promise<OutcomeRecord> {
    return this.supervisor.outcome(id);
  }

  /** Resolves once a job has left this in a file below /srv. */
  told(name: string, what: RegExp): Promise<string> {
    const path = this.root.in('srv', name);
    const find = (): string | null => {
      const found = existsSync(path) ? readFileSync(path, 'utf8') : '';
      return what.test(found) ? found : null;
    };
    return poll(`${what.source} in ${name}`, find);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]();
    await this.root[Symbol.asyncDispose]();
  }

  #here(content: string): string {
    return content.replaceAll('/srv/', `${this.root.in('srv')}/`);
  }

  /** Jobs have a PATH of their own. */
  #withPath(job: Record<string, unknown>): Record<string, unknown> {
    if ('job' in job) return { ...job, job: this.#withPath(job.job as Record<string, unknown>) };
    if ('uses' in job) return job;
    return { ...job, env: { ...(job.env as object), PATH: `${this.root.in('bin')}:/usr/bin:/bin` } };
  }
}
