import type { PathChoices } from '../config/paths.ts';
import { findSoundPlace } from './place.ts';
import { demandSupervisor, signalSupervisor } from './signal.ts';
import { print } from './terminal.ts';

/**
 * Has the supervisor read booty.yaml again, once it is known to be sound.
 * @throws BootyError CONFIG_INVALID with every problem, and the supervisor goes on as it was; NO_SUPERVISOR, NOT_PERMITTED
 */
export function reload(options: PathChoices): void {
  const place = findSoundPlace(options);
  const supervisor = demandSupervisor(place, 'systemctl reload booty');
  signalSupervisor(supervisor, 'SIGHUP');
  print(`the supervisor (pid ${supervisor.pid}) reads ${place.paths.config} again`);
}
