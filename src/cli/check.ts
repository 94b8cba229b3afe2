import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { readEnvFile } from '../config/env-file.ts';
import type { PathChoices } from '../config/paths.ts';
import { decideTelemetry } from '../config/telemetry.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { History } from '../ledger/history.ts';
import { checkPeople } from './check-people.ts';
import { checkPolicy, checkTemplates } from './check-templates.ts';
import { supervisorPid } from './drop.ts';
import { exitStatus } from './exit-status.ts';
import type { Finding } from './finding.ts';
import { findPlace, type Place } from './place.ts';
import { paint, print, printJson } from './terminal.ts';

export interface CheckOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

/** Looks at configuration, files, permissions, spool, ledger and DSN, and tells every problem at once. Exit status 1 where there is an error. */
export async function check(options: CheckOptions): Promise<number> {
  const place = findPlace(options);
  const findings = [
    ...checkConfig(place),
    ...checkTelemetry(place),
    ...checkDirectories(place),
    checkModules(place),
    ...checkTemplates(place),
    ...checkPolicy(place),
    ...(await checkPeople(place)),
    ...checkLedger(place),
    checkSupervisor(place),
  ];
  const errors = findings.filter((finding) => finding.level === 'error').length;
  if (options.json) printJson(findings);
  else {
    for (const { level, subject, message, hint } of findings) {
      const mark =
        level === 'ok'
          ? paint('green', 'ok     ')
          : level === 'warning'
            ? paint('yellow', 'warning')
            : paint('red', 'error  ');
      print(`${mark}  ${subject}: ${message}${hint ? `\n         ${hint}` : ''}`);
    }
    const warnings = findings.filter((finding) => finding.level === 'warning').length;
    print(
      errors + warnings === 0
        ? 'all is well'
        : `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`,
    );
  }
  return errors > 0 ? exitStatus.refused : exitStatus.succeeded;
}

function checkConfig({ paths, problems }: Place): Finding[] {
  if (problems.length === 0)
    return [
      {
        level: 'ok',
        subject: paths.config,
        message: exists(paths.config) ? 'understood' : 'not there: the defaults hold',
      },
    ];
  return problems.map(({ line, message, hint }) => ({
    level: 'error',
    subject: `${paths.config}${line ? `:${line}` : ''}`,
    message,
    hint,
  }));
}

function checkTelemetry({ paths }: Place): Finding[] {
  const secrets = readEnvFile(paths.secrets);
  // Under systemd root opens it for the supervisor, and nobody else may: that is as it should be.
  const closed = secrets.kind === 'failed' && secrets.code === 'EACCES' && process.getuid?.() !== 0;
  const { warnings, errors, telemetry } = decideTelemetry({
    secrets: closed ? { kind: 'missing' } : secrets,
    release: readEnvFile(paths.release),
    environment: process.env,
  });
  if (closed)
    return [
      {
        level: 'ok',
        subject: paths.secrets,
        message: 'closed to this user; run booty check as root to look at the DSN',
      },
    ];
  const told = [
    ...errors.map((message): Finding => ({ level: 'error', subject: 'telemetry', message })),
    ...warnings.map((message): Finding => ({ level: 'warning', subject: 'telemetry', message })),
  ];
  const summary = `environment ${telemetry.environment}, release ${telemetry.release ?? 'not set'}`;
  return telemetry.kind === 'on'
    ? [
        ...told,
        {
          level: 'ok',
          subject: 'telemetry',
          message: `${new URL(telemetry.dsn).host}, ${summary}; booty sentry-test sends an event`,
        },
      ]
    : told;
}

function checkDirectories({ paths }: Place): Finding[] {
  return [paths.incoming, paths.rejected, paths.outcomes, paths.state, paths.jobs, paths.outbox].map((path) => {
    try {
      if (!statSync(path).isDirectory())
        return {
          level: 'error',
          subject: path,
          message: 'is not a directory',
          hint: 'move it away; the supervisor makes its own',
        };
      accessSync(path, constants.W_OK | constants.X_OK);
      return { level: 'ok', subject: path, message: 'can be written to' };
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      if (code === 'ENOENT')
        return {
          level: 'warning',
          subject: path,
          message: 'not there yet',
          hint: 'the supervisor makes it when it starts',
        };
      return {
        level: 'warning',
        subject: path,
        message: `this user cannot write there (${code})`,
        hint: 'that is as it should be unless you are the user that the supervisor runs as',
      };
    }
  });
}

/** Whoever may write there runs programs as the user of the supervisor. */
function checkModules({ paths }: Place): Finding {
  const subject = paths.modules;
  const status = lookAt(subject);
  if (status === 'hidden') return { level: 'warning', subject, message: 'this user may not look there' };
  if (!status) return { level: 'ok', subject, message: 'not there: module steps need it, or absolute paths' };
  if (!status.isDirectory())
    return { level: 'error', subject, message: 'is not a directory', hint: 'move it away, or mend paths.modules' };
  return (status.mode & 0o002) === 0
    ? { level: 'ok', subject, message: 'modules are looked for there' }
    : { level: 'warning', subject, message: 'every user may put modules there', hint: `chmod o-w ${subject}` };
}

function checkLedger({ paths }: Place): Finding[] {
  if (!exists(paths.ledger)) return [{ level: 'ok', subject: paths.ledger, message: 'not there yet' }];
  try {
    using history = new History(paths.ledger);
    const flaw = history.flaw();
    if (flaw !== null) {
      return [
        {
          level: 'error',
          subject: paths.ledger,
          message: flaw,
          hint: 'stop the supervisor, keep a copy of it with its -wal file, then: sqlite3 ledger.db .recover | sqlite3 new.db',
        },
      ];
    }
    const counts = Object.entries(history.counts()).map(([what, count]) => `${count} ${what}`);
    return [
      {
        level: 'ok',
        subject: paths.ledger,
        message: `sound; ${counts.length > 0 ? counts.join(', ') : 'no jobs yet'}`,
      },
    ];
  } catch (error) {
    if (!(error instanceof BootyError)) throw error;
    return [{ level: 'error', subject: paths.ledger, message: error.message, hint: error.hint }];
  }
}

function checkSupervisor(place: Place): Finding {
  const pid = supervisorPid(place);
  if (pid === 'hidden')
    return {
      level: 'warning',
      subject: 'supervisor',
      message: `unknown: this user may not look into ${place.paths.state}`,
      hint: 'as root: booty check',
    };
  return pid === null
    ? {
        level: 'warning',
        subject: 'supervisor',
        message: 'none runs here',
        hint: 'systemctl start booty, or booty supervise',
      }
    : { level: 'ok', subject: 'supervisor', message: `runs (pid ${pid})` };
}

/** What this user may not look at may be there: whoever opens it then says why not. */
const exists = (path: string): boolean => lookAt(path) !== null;

function lookAt(path: string): Stats | 'hidden' | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return 'hidden';
  }
}
