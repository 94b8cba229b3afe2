import { BootyError } from '../job/error.ts';
import type { Outcome } from '../job/outcome.ts';

/** The exit statuses of every command: a contract (docs/CLI.md). 69 and 70 are EX_UNAVAILABLE and EX_SOFTWARE of sysexits.h. */
export const exitStatus = {
  succeeded: 0,
  refused: 1,
  usage: 2,
  rejected: 3,
  crashed: 4,
  notRun: 5,
  noSupervisor: 69,
  defect: 70,
  interrupted: 130,
} as const;

export function statusOfOutcome(outcome: Outcome): number {
  switch (outcome) {
    case 'succeeded':
      return exitStatus.succeeded;
    case 'rejected':
      return exitStatus.rejected;
    case 'crashed':
      return exitStatus.crashed;
    case 'cancelled':
    case 'skipped':
      return exitStatus.notRun;
  }
}

export function statusOfError(error: unknown): number {
  if (!(error instanceof BootyError)) return exitStatus.defect;
  if (error.code === 'NO_SUPERVISOR' || error.code === 'CONTROL_UNAVAILABLE') return exitStatus.noSupervisor;
  return error.code === 'USAGE' ? exitStatus.usage : exitStatus.refused;
}
