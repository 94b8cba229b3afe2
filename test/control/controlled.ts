import { mkdtempDisposableSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Controlled, ControlStatus, Reload } from '../../src/control/app.ts';
import { ask, type Reply } from '../../src/control/client.ts';
import { Failures } from '../../src/control/failures.ts';
import { type Bounds, bounds, makeControlServer } from '../../src/control/server.ts';
import { ControlSocket, type Place } from '../../src/control/socket.ts';
import type { FailedRequest } from '../../src/crash/capture.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { Answer, Command } from '../../src/schedule/control.ts';

export const eventId = 'e'.repeat(32);

export const status: ControlStatus = {
  version: 1,
  pid: 7,
  state: 'running',
  jobs: { waiting: 3, running: 2, verifying: 1 },
  paused: [{ kind: 'group', group: 'db' }],
  trouble: null,
};

/** A real server on a real socket, and a supervisor that does what the test says. */
export class ControlScene implements AsyncDisposable {
  readonly path: string;
  readonly commands: Command[] = [];
  /** Who asked for each of them. */
  readonly askers: string[] = [];
  readonly captured: { readonly error: unknown; readonly request: FailedRequest }[] = [];
  readonly events: JournalEvent[] = [];
  readonly failures: unknown[] = [];
  /** How many are open now. */
  connections = 0;
  answer: (command: Command) => Promise<Answer> = () => Promise.resolve({ kind: 'done', changes: [], total: 0 });
  status: () => ControlStatus = () => status;
  reload: () => Promise<Reload> = () => Promise.resolve({ kind: 'reloaded', changed: [] });
  readonly #directory: Disposable;
  readonly #socket: ControlSocket;

  private constructor(choices: SceneChoices) {
    const directory = mkdtempDisposableSync(join(tmpdir(), 'c-'));
    this.#directory = { [Symbol.dispose]: () => directory.remove() };
    this.path = join(directory.path, 'booty.sock');
    const failures = new Failures(
      {
        captureRequestFailure: (error, request) => {
          this.captured.push({ error, request });
          return Promise.resolve({ eventId, capture: 'captured' });
        },
      },
      (event) => this.events.push(event),
    );
    const controlled: Controlled = {
      state: () => this.status().state,
      status: () => this.status(),
      control: (command, by) => {
        this.commands.push(command);
        this.askers.push(by);
        return this.answer(command);
      },
      reload: () => this.reload(),
    };
    const place: Place = choices.place ?? { kind: 'path', path: this.path, access: { group: null, mode: 0o660 } };
    this.#socket = new ControlSocket(
      place,
      () => this.#watched(makeControlServer(controlled, failures, { ...bounds, ...choices.bounds })),
      (failure) => failure !== null && this.failures.push(failure),
    );
  }

  static async open(choices: SceneChoices = {}): Promise<ControlScene> {
    const scene = new ControlScene(choices);
    await scene.#socket.open();
    return scene;
  }

  post(verb: string, body: unknown): Promise<Reply> {
    return ask(this.path, 'POST', `/v1/${verb}`, body);
  }

  #watched(server: Server): Server {
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      socket.once('close', () => (this.connections -= 1));
    });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }
}

interface SceneChoices {
  readonly bounds?: Partial<Bounds>;
  readonly place?: Place;
}
