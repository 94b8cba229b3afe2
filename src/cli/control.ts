import { statSync } from 'node:fs';
import type { PathChoices } from '../config/paths.ts';
import { groupName } from '../control/accounts.ts';
import type { ControlStatus, Refusal } from '../control/app.ts';
import { askOnceStarted, type Reply } from '../control/client.ts';
import { describeScope, type Verb } from '../control/command.ts';
import { maxSocketPathBytes } from '../control/socket.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { History } from '../ledger/history.ts';
import type { Answer, Change } from '../schedule/control.ts';
import { supervisorPid } from './drop.ts';
import { exitStatus } from './exit-status.ts';
import { findJob } from './lookup.ts';
import { findPlace, type Place } from './place.ts';
import { note, print, printErrorLine, printJson } from './terminal.ts';

export interface ControlOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

export interface TargetOptions extends ControlOptions {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
}

/** What is sent for each target. */
interface Body {
  readonly id?: string;
  readonly [key: string]: unknown;
}
type Done = Extract<Answer, { kind: 'done' }>;

/**
 * Asks for the same of each target, and prints the ids of what was changed. Exit status 1 where a job that was named
 * could not be changed, with the reason on standard error.
 * @throws BootyError NO_SUPERVISOR, CONTROL_UNAVAILABLE, NOT_PERMITTED, USAGE
 */
export async function controlTargets(
  verb: Verb,
  ids: readonly string[],
  options: TargetOptions,
  more: Body = {},
): Promise<number> {
  const place = findPlace(options);
  const bodies = targetsOf(ids, options);
  const changes: Change[] = [];
  let total = 0;
  let failed = false;
  for (const body of bodies) {
    try {
      const target = body.id === undefined ? body : { id: idFor(place, body.id) };
      const answer = await askFor(place, verb, { ...target, ...more });
      changes.push(...answer.changes);
      total += answer.total;
      failed ||= body.id !== undefined && answer.changes.some(({ effect }) => effect === 'unchanged');
    } catch (error) {
      if (!(error instanceof BootyError) || (error.code !== 'JOB_UNKNOWN' && error.code !== 'CONTROL_REFUSED'))
        throw error;
      failed = true;
      printErrorLine(`booty: ${error.message}`);
      printErrorLine(`  ${error.hint}`);
    }
  }
  if (options.json) printJson({ changes, total });
  else printChanges(changes, total);
  return failed || (total > 0 && changes.every(({ effect }) => effect === 'unchanged'))
    ? exitStatus.refused
    : exitStatus.succeeded;
}

/** Pauses or resumes. @throws BootyError NO_SUPERVISOR, CONTROL_UNAVAILABLE, CONTROL_REFUSED, NOT_PERMITTED */
export async function controlScope(
  verb: 'pause' | 'resume',
  scope: { readonly kind?: string | undefined; readonly group?: string | undefined },
  options: ControlOptions,
): Promise<void> {
  if (scope.kind !== undefined && scope.group !== undefined)
    throw new BootyError('USAGE', '--kind or --group: not both', { hint: `booty ${verb} --group ${scope.group}` });
  const place = findPlace(options);
  const body =
    scope.kind !== undefined
      ? { kind: scope.kind }
      : scope.group !== undefined
        ? { group: scope.group }
        : { all: true };
  const what =
    scope.kind === undefined ? (scope.group === undefined ? 'everything' : `group ${scope.group}`) : `${scope.kind}s`;
  const before = verb === 'resume' && !options.json ? await askStatus(place) : null;
  const { changes, total } = await askFor(place, verb, body);
  if (options.json) printJson({ changes, total });
  else if (before?.paused.every((paused) => describeScope(paused) !== what)) note(`${what} was not paused`);
  else print(`${verb}d: ${what}`);
}

/** What the supervisor says of itself; null where it cannot be asked. */
export async function askStatus(place: Place): Promise<ControlStatus | null> {
  try {
    const { status, body } = await askOnceStarted(place.paths.socket, 'GET', '/v1/status', undefined, statusLimitMs);
    return status === 200 ? (body as ControlStatus) : null;
  } catch {
    return null;
  }
}
/** Long enough for a supervisor that the question itself starts. */
const statusLimitMs = 8000;

/** @throws BootyError USAGE */
function targetsOf(ids: readonly string[], { name, group }: TargetOptions): readonly Body[] {
  const ways = [ids.length > 0, name !== undefined, group !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new BootyError('USAGE', ways === 0 ? 'no job is named' : 'ids, --name or --group: only one of them', {
      hint: 'booty list shows ids and names',
    });
  if (name !== undefined) return [{ name }];
  if (group !== undefined) return [{ group }];
  return [...new Set(ids)].map((id) => ({ id }));
}

/** The whole id. Where this user may not read the ledger, the supervisor has to know it as it is. @throws BootyError JOB_UNKNOWN */
export function idFor(place: Place, id: string): string {
  try {
    using history = new History(place.paths.ledger);
    return findJob(history, id).id;
  } catch (error) {
    if (!(error instanceof BootyError) || error.code === 'JOB_UNKNOWN') throw error;
    return id;
  }
}

/** @throws BootyError NO_SUPERVISOR, CONTROL_UNAVAILABLE, CONTROL_REFUSED, JOB_UNKNOWN, NOT_PERMITTED */
export async function askFor(place: Place, verb: Verb, body: Body): Promise<Done> {
  let reply: Reply;
  try {
    reply = await askOnceStarted(place.paths.socket, 'POST', `/v1/${verb}`, body);
  } catch (error) {
    throw unreachable(place, error);
  }
  const answer = reply.body as Answer | Refusal;
  switch (answer.kind) {
    case 'done':
      return answer;
    case 'unknown':
      throw new BootyError('JOB_UNKNOWN', answer.message, { hint: answer.hint });
    case 'refused':
    case 'unavailable':
    case 'failed': {
      const event = answer.eventId ? ` (event ${answer.eventId})` : '';
      throw new BootyError('CONTROL_REFUSED', `${answer.message}${event}`, { hint: answer.hint });
    }
  }
  throw new BootyError('CONTROL_UNAVAILABLE', `what answers on ${place.paths.socket} is no Booty of this version`, {
    hint: 'booty --version; restart the supervisor after an upgrade: systemctl restart booty',
  });
}

function printChanges(changes: readonly Change[], total: number): void {
  for (const { id, effect, detail } of changes) {
    if (effect === 'unchanged') printErrorLine(`booty: ${id}: ${detail ?? 'it stays as it is'}`);
    else print(effect === 'retried' ? (detail ?? id) : id);
  }
  if (total > changes.length) note(`and ${total - changes.length} more`);
}

function unreachable(place: Place, error: unknown): unknown {
  const { socket } = place.paths;
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM')
    return new BootyError('NOT_PERMITTED', `this user may not connect to ${socket}`, {
      hint: `ask to be made a member of the group ${groupOf(socket)}: usermod -aG ${groupOf(socket)} USER, then log in again`,
      cause: error,
    });
  if (Buffer.byteLength(socket) > maxSocketPathBytes)
    return new BootyError(
      'CONTROL_UNAVAILABLE',
      `${socket} is too long for a socket: ${maxSocketPathBytes} bytes at most`,
      {
        hint: 'choose a shorter path with paths.socket in booty.yaml, BOOTY_SOCKET or --socket',
        cause: error,
      },
    );
  const pid = supervisorPid(place);
  if (typeof pid !== 'number' && (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR'))
    return new BootyError('NO_SUPERVISOR', `no supervisor takes commands on ${socket}`, {
      hint: 'start one: systemctl start booty, or booty supervise; or name another place with --root or --socket',
      cause: error,
    });
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new BootyError('CONTROL_UNAVAILABLE', `the supervisor (pid ${pid}) takes no commands on ${socket}`, {
      hint: 'its journal says why: journalctl -u booty --grep where=control',
      cause: error,
    });
  return new BootyError(
    'CONTROL_UNAVAILABLE',
    `the supervisor has not answered (${code ?? (error instanceof Error ? error.message : String(error))}); it may still be done`,
    { hint: 'it is busy, or has just ended: booty status', cause: error },
  );
}

/** Of the socket, or of the nearest directory that this user may look at. */
function groupOf(socket: string): string {
  try {
    return groupName(statSync(socket).gid) ?? 'booty';
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return 'booty';
  }
}
