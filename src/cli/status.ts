import { readEnvFile } from '../config/env-file.ts';
import type { PathChoices } from '../config/paths.ts';
import { decideTelemetry } from '../config/telemetry.ts';
import { describeScope } from '../control/command.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { plainLine } from '../job/plain-line.ts';
import { formatDuration } from '../job/units.ts';
import { History } from '../ledger/history.ts';
import type { Scope } from '../schedule/control.ts';
import { askStatus } from './control.ts';
import { supervisorPid } from './drop.ts';
import { exitStatus } from './exit-status.ts';
import { type OutboxTotals, readOutbox } from './outbox-totals.ts';
import { findPlace, type Place } from './place.ts';
import { paint, print, printJson } from './terminal.ts';

interface Sentry {
  /** `unknown`: secrets.env is closed to this user. */
  readonly state: 'on' | 'off' | 'unknown';
  readonly host: string | null;
  readonly environment: string;
  readonly release: string | null;
}

/** To whom jobs name. */
interface Reports {
  readonly owed: number;
  /** Milliseconds since 1970. */
  readonly oldestMs: number | null;
}

/** How it goes: the supervisor, the jobs, Sentry. Exit status 69 where no supervisor runs, 1 where this user may not know. */
export async function status(options: PathChoices & { readonly json?: boolean | undefined }): Promise<number> {
  const place = findPlace(options);
  // First: where systemd keeps the socket, the question starts the supervisor.
  const told = await askStatus(place);
  const pid = told?.pid ?? supervisorPid(place);
  const { jobs, paused } = readLedger(place);
  const sentry = findSentry(place);
  const outbox = totalsOf(place);
  const reports = countReports(place);
  if (options.json)
    printJson({
      supervisor: typeof pid !== 'number' ? null : { pid, state: told?.state ?? null, trouble: told?.trouble ?? null },
      jobs,
      paused,
      sentry,
      outbox,
      reports,
    });
  else {
    const rows: readonly (readonly [string, string])[] = [
      ['supervisor', describeSupervisor(pid, place)],
      [
        'jobs',
        jobs === null
          ? 'unknown: this user may not read the ledger, or there is none'
          : `${jobs.running} running, ${jobs.verifying} verifying, ${jobs.waiting} waiting`,
      ],
      ...(paused?.length ? [['paused', paused.map(describeScope).join(', ')] as const] : []),
      ...(told?.trouble ? [['trouble', plainLine(told.trouble)] as const] : []),
      ['Sentry', describeSentry(sentry)],
      ['outbox', outbox === null ? 'unknown: this user may not look into it' : describeOutbox(outbox)],
      ...(reports === null || reports.owed === 0 ? [] : [['reports', describeReports(reports)] as const]),
      ...(outbox?.failing ? [['deliveries', `fail: ${plainLine(outbox.failing.why)}`] as const] : []),
    ];
    print(rows.map(([key, value]) => `${paint('dim', key.padEnd(12))} ${value}`).join('\n'));
  }
  if (pid === 'hidden') return exitStatus.refused;
  return pid === null ? exitStatus.noSupervisor : exitStatus.succeeded;
}

function describeSupervisor(pid: ReturnType<typeof supervisorPid>, { paths }: Place): string {
  if (pid === 'hidden') return `unknown: this user may not look into ${paths.state}`;
  return pid === null ? 'none runs here: systemctl start booty, or booty supervise' : `runs (pid ${pid})`;
}

interface InLedger {
  /** Null: this user may not know, or there is no ledger. */
  readonly jobs: Readonly<Record<'running' | 'verifying' | 'waiting', number>> | null;
  readonly paused: readonly Scope[] | null;
}

function readLedger({ paths }: Place): InLedger {
  try {
    using history = new History(paths.ledger);
    const { running = 0, verifying = 0, waiting = 0 } = history.openCounts();
    return { jobs: { running, verifying, waiting }, paused: history.pauses() };
  } catch (error) {
    if (error instanceof BootyError) return { jobs: null, paused: null };
    throw error;
  }
}

function countReports({ paths }: Place): Reports | null {
  try {
    using history = new History(paths.ledger);
    const { count, oldestAt } = history.reportsOwed();
    return { owed: count, oldestMs: oldestAt };
  } catch (error) {
    if (error instanceof BootyError) return null;
    throw error;
  }
}

function findSentry({ paths }: Place): Sentry {
  const secrets = readEnvFile(paths.secrets);
  const { telemetry } = decideTelemetry({ secrets, release: readEnvFile(paths.release), environment: process.env });
  const { environment, release } = telemetry;
  const known = { environment, release };
  if (telemetry.kind === 'on') return { state: 'on', host: new URL(telemetry.dsn).host, ...known };
  return { state: secrets.kind === 'failed' ? 'unknown' : 'off', host: null, ...known };
}

function totalsOf({ paths }: Place): Omit<OutboxTotals, 'dropped'> | null {
  try {
    const { waiting, dead, untold, failing } = readOutbox(paths.outbox);
    return { waiting, dead, untold, failing };
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

function describeSentry({ state, host, environment, release }: Sentry): string {
  const rest = `environment ${environment}, release ${release ?? 'not set'}`;
  switch (state) {
    case 'on':
      return `${host}, ${rest}`;
    case 'off':
      return `off: no usable SENTRY_DSN (${rest})`;
    case 'unknown':
      return `unknown: secrets.env is closed to this user (${rest})`;
  }
}

function describeOutbox({ waiting, dead, untold }: Omit<OutboxTotals, 'dropped'>): string {
  const { count, oldestMs } = waiting;
  const age = oldestMs === null ? '' : `, oldest ${formatDuration(Math.max(0, Date.now() - oldestMs))}`;
  return [
    count === 0 ? 'nothing waits' : `${count} waiting${age}`,
    ...(dead.count === 0 ? [] : [`${dead.count} given up`]),
    ...(untold === 0 ? [] : [`${untold} counted, still to be told`]),
  ].join('; ');
}

const describeReports = ({ owed, oldestMs }: Reports): string =>
  `${owed} owed${oldestMs === null ? '' : `, oldest ${formatDuration(Math.max(0, Date.now() - oldestMs))}`}`;
