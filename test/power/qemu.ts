import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { finished as streamEnded } from 'node:stream/promises';
import { Waiting } from '../harness/waiting.ts';
import { searchPath } from '../system/prerequisites.ts';
import { type Evidence, parseEvidence, wholeLines } from './evidence.ts';
import type { Image } from './image.ts';

export interface MachineParts {
  readonly image: Image;
  /** Read-only, then those that must not forget. */
  readonly program: string;
  readonly data: readonly string[];
  /** What the witness finds on the kernel's command line. */
  readonly wish: Readonly<Record<string, string | number>>;
  /** The first process, on the kernel's command line. Default: that of the power cuts. */
  readonly first?: string;
  /** The file that gets the machine's console. */
  readonly console: string;
}

const memoryMegabytes = 1024;

/** A machine of which only the disks outlast a cut: the processes, the memory and the caches are those of one qemu. */
export class Machine implements AsyncDisposable {
  /** What came out of it, in order. */
  readonly evidence: Evidence[] = [];
  readonly #parts: MachineParts;
  readonly #qemu: ReturnType<typeof spawnQemu>;
  readonly #ended: Promise<void>;
  readonly #waiting = new Waiting();
  #isOver = false;
  #complaint = '';
  #garbled: unknown = null;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.#qemu = spawnQemu(parts);
    const { stdout, stderr } = this.#qemu;
    stdout.setEncoding('utf8').on(
      'data',
      wholeLines((line) => this.#take(line)),
    );
    stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaint += text));
    const exited = new Promise<void>((resolve, reject) => {
      this.#qemu.once('exit', () => resolve());
      this.#qemu.once('error', reject);
    });
    this.#ended = Promise.all([exited, streamEnded(stdout)]).then(() => {
      this.#isOver = true;
      this.#waiting.notify();
    });
    // Whoever waits for it is told; nobody else has to.
    this.#ended.catch(() => undefined);
  }

  /** The first such evidence, past or to come. Rejects where the machine ends without it. */
  first(what: string, matches: (evidence: Evidence) => boolean, timeoutMs: number): Promise<Evidence> {
    let looked = 0;
    const find = (): Evidence | undefined => {
      if (this.#garbled !== null) throw new Error('garbled evidence', { cause: this.#garbled });
      for (; looked < this.evidence.length; looked += 1) {
        const one = this.evidence[looked];
        if (one && matches(one)) return one;
      }
      if (this.#isOver) throw new Error(`the machine ended without ${what}\n${this.#tellState()}`);
      return undefined;
    };
    return this.#waiting.until(what, find, { timeoutMs, state: () => this.#tellState() });
  }

  /** Resolves once it has ended, by itself or by a cut, and all that it said was read. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Nothing in it gets another instruction. */
  async cutPower(): Promise<void> {
    this.#qemu.kill('SIGKILL');
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cutPower();
  }

  #take(line: string): void {
    try {
      this.evidence.push(parseEvidence(line));
    } catch (error) {
      this.#garbled ??= error;
    }
    this.#waiting.notify();
  }

  #tellState(): string {
    const said = this.evidence.slice(-10).map((one) => JSON.stringify(one));
    return [...said, readFileSync(this.#parts.console, 'utf8').slice(-4000), this.#complaint].join('\n');
  }
}

export function spawnQemu({ image, program, data, wish, console, first = 'init=/init' }: MachineParts) {
  const wishes = Object.entries(wish).map(([name, value]) => `${name}=${value}`);
  const append = [
    'root=/dev/nvme0n1 ro console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on',
    ...wishes,
    first,
  ];
  // The kernel has NVMe built in, and so needs no initrd. One controller: its disks have their numbers for sure.
  const disk = (file: string, number: number, access: string): string[] => {
    const drive = `file=${file.replaceAll(',', ',,')},format=raw,if=none,id=disk${number},${access}`;
    return ['-drive', drive, '-device', `nvme-ns,drive=disk${number},nsid=${number}`];
  };
  const disks = [
    disk(image.root, 1, 'readonly=on'),
    disk(program, 2, 'readonly=on'),
    ...data.map((file, index) => disk(file, index + 3, 'cache=none,aio=threads')),
  ].flat();
  // Emulated: KVM is not everywhere, and hung where it was tried. When this process dies, it does.
  const machine = ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max', '-smp', '2', '-m', String(memoryMegabytes)];
  const bare = ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'];
  const lines = ['-serial', `file:${console}`, '-serial', 'stdio'];
  const kernel = ['-kernel', image.kernel, '-append', append.join(' ')];
  const argv = [
    '--pdeathsig',
    'SIGKILL',
    'qemu-system-x86_64',
    ...machine,
    ...bare,
    ...kernel,
    '-device',
    'nvme,serial=booty',
    ...disks,
    ...lines,
  ];
  return spawn('setpriv', argv, { env: { PATH: searchPath }, stdio: ['ignore', 'pipe', 'pipe'] });
}
