import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ended } from '../harness/program.ts';
import { FaultControl } from './control.ts';
import { builtShim } from './shim.ts';

interface Ran {
  readonly stdout: string;
  readonly signal: string | null;
  /** `OPERATION BYTES PATH`, in order. */
  readonly trace: readonly string[];
}

/** A directory under the shim, and programs that run there. */
export class Stage implements Disposable {
  readonly #outer = mkdtempSync(join(tmpdir(), 'booty-shim-test-'));
  readonly directory = join(this.#outer, 'root');
  readonly control = new FaultControl(join(this.#outer, 'control'));

  constructor() {
    mkdirSync(this.directory);
  }

  async run(program: string): Promise<Ran> {
    const trace = join(this.#outer, 'trace');
    writeFileSync(trace, '');
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: this.directory,
      env: {
        LD_PRELOAD: builtShim(),
        BOOTY_FAULT_ROOT: this.directory,
        BOOTY_FAULT_CONTROL: this.control.path,
        BOOTY_FAULT_TRACE: trace,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [stdout, [, signal]] = await Promise.all([text(child.stdout), ended(child)]);
    const lines = readFileSync(trace, 'utf8').split('\n').filter(Boolean);
    return { stdout, signal, trace: lines.map((line) => line.split('\t').slice(1).join(' ').trim()) };
  }

  read(name: string): string | null {
    const path = join(this.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  }

  [Symbol.dispose](): void {
    this.control[Symbol.dispose]();
    rmSync(this.#outer, { recursive: true, force: true });
  }
}
