import type { Isolation } from '../job/isolation.ts';
import type { ResourceLimits } from '../job/limits.ts';
import type { Milliseconds } from '../job/units.ts';
import type { UnitHost } from './unit-host.ts';
import type { JobPlace } from './workdir.ts';

/** What holds for every unit of a job (systemd.exec(5)). `DynamicUser=` brings PrivateTmp=, RemoveIPC=, NoNewPrivileges= and RestrictSUIDSGID=. */
const walls: readonly string[] = [
  'DynamicUser=yes',
  'ProtectSystem=strict',
  // Empty ones: the job's own files may lie below them.
  'ProtectHome=tmpfs',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectControlGroups=yes',
  'ProtectProc=invisible',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'LockPersonality=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
  // As of any job: those go before the machine's own services where it is out of memory.
  'OOMScoreAdjust=500',
  // Half a job is no job.
  'OOMPolicy=kill',
  'UMask=0027',
  'TimeoutStartSec=infinity',
];

/** Processes at once that it takes to become the job's program. */
const ofOurs = 3;

export interface UnitWish {
  readonly isolation: Isolation;
  readonly limits: ResourceLimits;
  readonly place: JobPlace;
  readonly killGraceMs: Milliseconds;
}

/** The properties of a unit, but for its program and its hooks. */
export function propertiesOf({ isolation, limits, place, killGraceMs }: UnitWish, host: UnitHost): readonly string[] {
  const { memoryBytes, cpuPercent, tasks, ioBytes } = limits;
  return [
    ...walls,
    ...(isolation === 'offline-unit' ? ['PrivateNetwork=yes'] : []),
    // Of all that is the supervisor's, it sees the part of its own job. That the working directory is mounted keeps it in its place.
    `TemporaryFileSystem=${host.state}:ro`,
    `BindPaths=${place.directory} ${place.workdir}`,
    `InaccessiblePaths=${host.closed.map((path) => `-${path}`).join(' ')}`,
    // What its main process leaves behind gets so long, like that itself.
    `TimeoutStopSec=${killGraceMs}ms`,
    ...(host.supervisor === null ? [] : [`BindsTo=${host.supervisor}`]),
    ...(memoryBytes === null ? [] : [`MemoryMax=${memoryBytes}`, 'MemorySwapMax=0']),
    ...(cpuPercent === null ? [] : [`CPUQuota=${cpuPercent}%`]),
    ...(tasks === null ? [] : [`TasksMax=${Math.max(tasks, ofOurs)}`]),
    ...(ioBytes === null
      ? []
      : [`IOReadBandwidthMax=${place.directory} ${ioBytes}`, `IOWriteBandwidthMax=${place.directory} ${ioBytes}`]),
  ];
}
