import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endWithUs } from '../harness/program.ts';
import { Waiting } from '../harness/waiting.ts';

/** What systemd would be told (sd_notify(3)). Node.js has no datagram sockets of files; Python has. */
const program = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True: print(s.recv(65536).decode().replace(chr(10), ' '), flush=True)`;

export class StatusListener implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Waiting();

  private constructor(path: string) {
    const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    endWithUs(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#waiting.notify();
    });
  }

  static async listen(path: string): Promise<StatusListener> {
    const listener = new StatusListener(path);
    await listener.until(/^listening$/);
    return listener;
  }

  /** The status that was told last. */
  get status(): string | null {
    return this.#lines.findLast((line) => line.startsWith('STATUS='))?.slice('STATUS='.length) ?? null;
  }

  /** Once something like this has been told. */
  until(pattern: RegExp): Promise<string> {
    const state = (): string => this.#lines.join('\n');
    return this.#waiting.until(String(pattern), () => this.#lines.find((line) => pattern.test(line)), { state });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
