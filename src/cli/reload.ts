import type { PathChoices } from '../config/paths.ts';
import type { Refusal, Reload } from '../control/app.ts';
import { askOnceStarted } from '../control/client.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { messageOf } from '../supervise/troubles.ts';
import { findSoundPlace } from './place.ts';
import { demandSupervisor } from './signal.ts';
import { print } from './terminal.ts';

const asRoot = 'systemctl reload booty';

/**
 * Has the supervisor read booty.yaml and the templates again, once the file is known to be sound, and waits for what becomes of it.
 * @throws BootyError CONFIG_INVALID with what is wrong, and the supervisor goes on as it was; CONTROL_REFUSED, NO_SUPERVISOR, NOT_PERMITTED
 */
export async function reload(options: PathChoices): Promise<void> {
  const place = findSoundPlace(options);
  const supervisor = demandSupervisor(place, asRoot);
  const answer = await answerOf(place.paths.socket, supervisor.pid);
  switch (answer.kind) {
    case 'reloaded':
      print(answer.changed.length === 0 ? 'applied: nothing has changed' : `applied: ${answer.changed.join(', ')}`);
      return;
    case 'unchanged':
      throw new BootyError('CONFIG_INVALID', answer.message, { hint: `nothing was applied; ${answer.hint}` });
    case 'refused':
      throw new BootyError('NOT_PERMITTED', answer.message, { hint: answer.hint });
    case 'unavailable':
    case 'failed':
      throw new BootyError('CONTROL_REFUSED', answer.message, { hint: answer.hint });
  }
}

/** @throws BootyError CONTROL_UNAVAILABLE */
async function answerOf(socket: string, pid: number): Promise<Reload | Refusal> {
  try {
    const { status, body } = await askOnceStarted(socket, 'POST', '/v1/reload', {});
    if (status !== 404) return body as Reload | Refusal;
  } catch (error) {
    throw untold(socket, pid, error);
  }
  throw untold(socket, pid, null);
}

/** Without the socket there is the signal, which brings no answer: nobody shall take it for applied. */
const untold = (socket: string, pid: number, cause: unknown): BootyError =>
  new BootyError(
    'CONTROL_UNAVAILABLE',
    `the supervisor (pid ${pid}) takes no reload on ${socket}${cause === null ? '' : ` (${errorCode(cause) ?? messageOf(cause)})`}`,
    {
      hint: `systemctl kill --kill-whom=main --signal=HUP booty, or kill -HUP ${pid}: its journal tells what becomes of it`,
      cause,
    },
  );
