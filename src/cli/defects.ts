import type { CrashCapture } from '../crash/capture.ts';
import type { Emit } from '../journal/event.ts';
import { exitStatus } from './exit-status.ts';

/** A defect of Booty itself is made durable like any crash, then systemd starts us again. */
export function ownDefects(capture: CrashCapture | null, emit: Emit): void {
  let dying = false;
  const die = (error: unknown): void => {
    if (dying) return;
    dying = true;
    void reportDefect(error, capture, emit).finally(() => process.exit(exitStatus.defect));
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

export async function reportDefect(error: unknown, capture: CrashCapture | null, emit: Emit): Promise<void> {
  const record = capture ? await capture.captureDefect(error) : { eventId: null, capture: 'disabled' as const };
  emit({
    kind: 'supervisor.failed',
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    eventId: record.eventId,
    capture: record.capture,
  });
}
