import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { readEnvFile } from '../config/env-file.ts';
import type { PathChoices } from '../config/paths.ts';
import { decideTelemetry, type StartUpPolicy, type Telemetry } from '../config/telemetry.ts';
import { TemplateShelf } from '../config/templates.ts';
import type { ControlStatus } from '../control/app.ts';
import { Failures } from '../control/failures.ts';
import { makeControlServer } from '../control/server.ts';
import { ControlSocket } from '../control/socket.ts';
import { BootyError } from '../job/error.ts';
import type { Emit } from '../journal/event.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import { Ledger } from '../ledger/ledger.ts';
import { takeSupervisorLock } from '../ledger/lock.ts';
import { KeptHeap } from '../native/heap.ts';
import { takePassedFiles } from '../native/passed-files.ts';
import { type CheckInEvent, CheckIns } from '../outbox/check-ins.ts';
import { Delivery } from '../outbox/delivery.ts';
import { envelopeEndpoint } from '../outbox/endpoint.ts';
import { Outbox } from '../outbox/outbox.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { SecretOf } from '../report/delivery.ts';
import { arrangeCgroups, type CgroupTree, enforceable } from '../run/cgroup-tree.ts';
import { EmptyDirectories } from '../run/empty-directories.ts';
import { machineEnvironment } from '../run/environment.ts';
import { findUnits } from '../run/unit-host.ts';
import { raiseWalls } from '../run/walls.ts';
import type { Command } from '../schedule/control.ts';
import { prepareDirectories } from '../spool/directories.ts';
import { Admission } from '../supervise/admission.ts';
import { CoreDumps } from '../supervise/core-dumps.ts';
import { openDeliveries } from '../supervise/deliverers.ts';
import { type EarlyCapture, openEarlyCapture } from '../supervise/early-capture.ts';
import { Keepers } from '../supervise/keepers.ts';
import { Monitors } from '../supervise/monitors.ts';
import { openPatiently } from '../supervise/patience.ts';
import type { Left } from '../supervise/stopping.ts';
import { Storms } from '../supervise/storms.ts';
import { Supervisor } from '../supervise/supervisor.ts';
import { Troubles } from '../supervise/troubles.ts';
import { watchdogIntervalMs } from '../supervise/watchdog.ts';
import { ownDefects, reportDefect } from './defects.ts';
import { exitStatus } from './exit-status.ts';
import { type JobSecrets, jobSecretsOf, namesFor } from './job-secrets.ts';
import { findPlace, findSoundPlace, type Place } from './place.ts';
import { type Redaction, redactionOf } from './redaction.ts';
import { reloadable } from './reloadable.ts';
import { keep, marksOf, passedKeepers, restartOf } from './restart.ts';
import { tellBrokenTemplates } from './template-health.ts';
import { printErrorLine } from './terminal.ts';

export interface SuperviseOptions extends PathChoices {
  /** Read secrets.env from standard input, where systemd has opened it as root: jobs cannot open it then. */
  readonly secretsStdin?: boolean | undefined;
}

/**
 * Runs until it is told to stop. Order matters: where crashes go is decided first, so that whatever fails after that
 * is captured. Resolves with the exit status.
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const { redactor, unredacted, secretOf, secrets, ...policy } = readPolicy(
    findPlace(options),
    options.secretsStdin === true,
  );
  const { emit, outputs } = await openJournal(process.env, redactor);
  for (const text of [...policy.warnings, ...unredacted]) emit({ kind: 'telemetry.notice', text });
  if (policy.errors.length > 0) {
    for (const text of policy.errors) printErrorLine(redactor.text(text));
    return exitStatus.refused;
  }
  const early = await openEarlyCapture(policy.telemetry, redactor);
  ownDefects(early.capture, emit);
  try {
    const left = await superviseWith(
      options,
      policy.telemetry,
      early,
      { redactor, secretOf, secrets },
      { emit, outputs },
    );
    if (left) await keep(left);
    return exitStatus.succeeded;
  } catch (error) {
    if (!(error instanceof BootyError)) {
      await reportDefect(error, early.capture, emit);
      return exitStatus.defect;
    }
    // Whoever starts a second one sees it; a machine whose supervisor cannot start is for Sentry to tell.
    if (error.code !== 'LEDGER_HELD') await early.capture?.captureDefect(error);
    throw error.redacted((text) => redactor.text(text));
  }
}

async function superviseWith(
  options: SuperviseOptions,
  telemetry: Telemetry,
  { capture, keepIn }: EarlyCapture,
  { redactor, secretOf, secrets }: Secrets,
  { emit, outputs }: Journal,
): Promise<Left | null> {
  const place = findSoundPlace(options);
  await hideFromJobs();
  const notify = await openNotification();
  const troubles = new Troubles(emit);
  const stopAsked = new AbortController();
  const onSignal = (signal: string): void => stopAsked.abort(signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  using state = await openPatiently(() => openState(place, troubles), place.paths, {
    troubles,
    notify,
    stopAsked: stopAsked.signal,
  });
  if (!state) return null;
  const { outbox, ledger } = state;
  await using _delivery =
    telemetry.kind === 'on'
      ? new Delivery(outbox, envelopeEndpoint(telemetry.dsn), (event) => tellDelivery(event, emit, troubles))
      : null;
  if (telemetry.kind === 'off' && outbox.count > 0)
    emit({ kind: 'telemetry.notice', text: strandedText(outbox.count) });
  await using checkIns =
    telemetry.kind === 'on'
      ? new CheckIns(join(place.paths.outbox, 'check-ins'), envelopeEndpoint(telemetry.dsn), (event) =>
          tellCheckIn(event, emit),
        )
      : null;
  keepIn(outbox);
  await using storms = capture && new Storms(capture, outbox, place.config.crash, emit);
  await using deliveries = openDeliveries({ ...place, ledger, redactor, secretOf, emit });
  const ownUid = process.geteuid?.() ?? 0;
  const cgroups = openCgroups(place, emit);
  const units = findUnits(place.paths);
  const passed = passedKeepers();
  const walls = await raiseWalls(
    place.config.jobsMayMount,
    passed.map(({ pid }) => pid),
  );
  if (walls.length > 0) emit({ kind: 'walls.raised', against: walls.join(',') });
  const shelf = new TemplateShelf(place.paths.templates, ownUid);
  tellBrokenTemplates(shelf, emit);
  outputs?.setLevel(place.config.journal);
  const marks = marksOf(place.paths.socket);
  await using keepers = new Keepers({
    passed,
    cgroups,
    marks,
    jobs: place.paths.jobs,
    redactor,
    emit,
  });
  const supervisor = new Supervisor({
    paths: place.paths,
    config: place.config,
    readConfig: () => reloadable(findSoundPlace(options), place.paths, shelf),
    onConfig: (config) => {
      outbox.setLimits(config.outbox);
      storms?.setLimits(config.crash);
      deliveries.setConfig(config);
      tellBrokenTemplates(shelf, emit);
      control.setAccess(config.control);
      outputs?.setLevel(config.journal);
    },
    telemetry,
    ledger,
    outbox,
    admission: new Admission({
      enforceable: enforceable(cgroups),
      units,
      templates: shelf,
      secrets: namesFor(secrets, ownUid),
      ownUid,
    }),
    troubles,
    capture: storms,
    coreDumps: storms && new CoreDumps(machineEnvironment()),
    monitors: checkIns && new Monitors(checkIns, ledger, telemetry, redactor),
    settings: {
      machine: machineEnvironment(),
      killGraceMs: place.config.killGraceMs,
      modules: place.paths.modules,
      directories: new EmptyDirectories(place.paths.jobs),
      redactor,
      secrets: secrets.values,
      listenTo: (claim) => outputs?.announce(claim) ?? null,
      cgroups,
      units: units.kind === 'units' ? units.host : null,
      isolation: place.config.defaults.isolation,
      refusesUnenforced: place.config.unenforcedLimits === 'refuse',
    },
    emit,
    keepers,
    restart: restartOf(process.env, cgroups, marks),
    notify,
    watchdogMs: watchdogIntervalMs(process.env, process.pid),
    startedMs: 0,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => supervisor.stop(signal));
  if (stopAsked.signal.aborted) supervisor.stop(String(stopAsked.signal.reason));
  using _heap = new KeptHeap();
  const terminal = [0, 1, 2].find(isatty);
  process.on('SIGHUP', () => {
    // A terminal that has hung up does not answer any more.
    if (terminal !== undefined && !isatty(terminal)) supervisor.stop('SIGHUP');
    else void supervisor.reload();
  });
  await using control = openControl(place, supervisor, ledger, new Failures(capture, emit), troubles);
  await control.open();
  return await supervisor.run();
}

/** A cgroup for each attempt, where that can be had: said once. */
function openCgroups({ paths }: Place, emit: Emit): CgroupTree | null {
  const found = arrangeCgroups(paths.jobs);
  if (found.kind === 'none') emit({ kind: 'cgroups.missing', why: found.why });
  else emit({ kind: 'cgroups.used', limits: [...enforceable(found.tree)].join(',') || 'none' });
  return found.kind === 'none' ? null : found.tree;
}

/** Where `booty cancel` and the like reach us. */
function openControl(
  { paths, config }: Place,
  supervisor: Supervisor,
  ledger: Ledger,
  failures: Failures,
  troubles: Troubles,
): ControlSocket {
  const status = (): ControlStatus => {
    const { waiting, running, verifying } = ledger.counts();
    return {
      version: 1,
      pid: process.pid,
      state: supervisor.state,
      jobs: { waiting, running, verifying },
      paused: ledger.pauses(),
      trouble: troubles.status,
    };
  };
  const controlled = {
    status,
    state: () => supervisor.state,
    control: (command: Command, by: string) => supervisor.control(command, by),
    reload: () => supervisor.reload(),
  };
  // Of booty.socket. No other file is passed under this name.
  const [passed] = takePassedFiles(process.env, process.pid, 'control');
  return new ControlSocket(
    passed
      ? { kind: 'inherited', descriptor: passed.file, path: paths.socket }
      : { kind: 'path', path: paths.socket, access: config.control },
    () => makeControlServer(controlled, failures),
    (failure) => (failure === null ? troubles.ended('control') : troubles.began('control', failure)),
  );
}

interface Secrets {
  readonly redactor: Redactor;
  /** For reports. */
  readonly secretOf: SecretOf;
  /** For jobs. */
  readonly secrets: JobSecrets;
}

interface State extends Disposable {
  readonly ledger: Ledger;
  readonly outbox: Outbox;
}

/** Everything on disk that the supervisor needs before it can do anything. */
function openState({ paths, config }: Place, troubles: Troubles): State {
  const told = (where: 'ledger' | 'outbox') => (failure: unknown) =>
    failure === null ? troubles.ended(where) : troubles.began(where, failure);
  prepareDirectories(paths);
  using opened = new DisposableStack();
  opened.use(takeSupervisorLock(paths.lock));
  const outbox = new Outbox(paths.outbox, config.outbox, told('outbox'));
  const ledger = opened.use(new Ledger(paths.ledger, told('ledger')));
  const owned = opened.move();
  return { ledger, outbox, [Symbol.dispose]: () => owned.dispose() };
}

function readPolicy(place: Place, fromStdin: boolean): StartUpPolicy & Redaction & Secrets {
  const secrets = readEnvFile(place.paths.secrets, fromStdin ? 0 : undefined);
  if (fromStdin) replaceStdin();
  const policy = decideTelemetry({ secrets, release: readEnvFile(place.paths.release), environment: process.env });
  const values = secrets.kind === 'read' ? secrets.file.values : {};
  const secretOf: SecretOf = (name) => (Object.hasOwn(values, name) && values[name]) || null;
  return { ...policy, ...redactionOf(secrets, policy.telemetry), secretOf, secrets: jobSecretsOf(secrets) };
}

/** Nobody shall read the file again through our descriptor. */
function replaceStdin(): void {
  closeSync(0);
  openSync('/dev/null', 'r'); // The lowest free number: 0.
}

/** Closes our memory, environment and descriptors to jobs of the same user. */
async function hideFromJobs(): Promise<void> {
  const { forbidInspection } = await import('../native/libc.ts');
  forbidInspection();
}

async function openNotification(): Promise<(state: string) => void> {
  if (!process.env.NOTIFY_SOCKET) return () => undefined;
  const { openNotify } = await import('../native/systemd.ts');
  return openNotify(process.env) ?? (() => undefined);
}

type DeliveryEvent = Parameters<ConstructorParameters<typeof Delivery>[2]>[0];

const strandedText = (count: number): string =>
  `${count} crash event${count === 1 ? ' waits' : 's wait'} in the outbox and cannot be sent: there is no SENTRY_DSN (booty outbox list)`;

function tellDelivery(event: DeliveryEvent, emit: Emit, troubles: Troubles): void {
  switch (event.kind) {
    case 'delivered':
      emit({ kind: 'outbox.delivered', eventId: event.eventId });
      return;
    case 'delayed':
      emit({ kind: 'outbox.delayed', why: event.why, waiting: event.waiting });
      return;
    case 'buried':
      emit({ kind: 'outbox.buried', eventId: event.eventId, why: event.why });
      return;
    case 'refused':
      troubles.began('sentry', event.why);
      return;
    case 'accepted':
      troubles.ended('sentry');
      return;
  }
}

function tellCheckIn({ kind, checkIn: { slug, status }, ...rest }: CheckInEvent, emit: Emit): void {
  if (kind === 'delivered') emit({ kind: 'monitor.told', slug, status });
  else emit({ kind: 'monitor.missed', slug, status, why: 'why' in rest ? rest.why : '' });
}
