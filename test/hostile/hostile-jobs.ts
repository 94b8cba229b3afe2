import type { OutcomeRecord } from '../../src/job/outcome.ts';

export interface HostileJob {
  /** The text of its file, without its id. */
  readonly file: string;
  /** `succeeded`, or `crashed` with its cause and, after a colon, its exit code. */
  readonly expected: RegExp;
}

/** Exits with 7 where each of the lines fails, and with 99 where one of them works. */
const allRefused = (...lines: readonly string[]): string =>
  `run: |\n${lines.map((line) => `  if { ${line}; } 2>/dev/null >&2; then echo 'it could: ${line.replaceAll("'", '')}'; exit 99; fi\n`).join('')}  exit 7\n`;
const own =
  'cg=/sys/fs/cgroup/unified; [ -d $cg ] || cg=/sys/fs/cgroup; own=$cg$(sed -n s/^0:://p /proc/self/cgroup); jobs=${own%/*}; base=${jobs%/*}';
const python = (code: string): string => `python3 -c '${code}' $PPID`;

/** Each wants something that it must not get. `$PPID` is the supervisor. */
export const hostileJobs: Readonly<Record<string, HostileJob>> = {
  'fork-bomb': {
    file: 'run: "bomb() { bomb | bomb & }; bomb; bomb; sleep 0.2; exit 3"\n',
    expected: /^crashed (?:exit-code:[23]|limit:[23])$/,
  },
  'disk-filler': { file: 'run: dd if=/dev/zero of=fill bs=1M\n', expected: /^crashed exit-code:1$/ },
  flood: {
    file: 'limits: { output: 64K }\nrun: head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2\n',
    expected: /^succeeded$/,
  },
  daemon: {
    file: `run: '(env -i /usr/bin/setsid /bin/sh -c "/bin/sleep 600 & exec /bin/sleep 601" </dev/null >/dev/null 2>&1 &)'\n`,
    expected: /^succeeded$/,
  },
  deaf: {
    file: `timeout: 300ms\nrun: "trap '' TERM INT HUP; while :; do sleep 600; done"\n`,
    expected: /^crashed timeout$/,
  },
  massacre: { file: allRefused('kill -9 -1', 'kill -TERM -1'), expected: /^crashed exit-code:7$/ },
  assassin: {
    file: allRefused(
      'kill -9 $PPID',
      'kill -STOP $PPID',
      'kill -9 -$PPID',
      python('import os, sys; os.pidfd_open(int(sys.argv[1]))'),
      python('import resource, sys; resource.prlimit(int(sys.argv[1]), resource.RLIMIT_CPU, (1, 1))'),
      python(
        'import ctypes, sys; sys.exit(0 if ctypes.CDLL(None).syscall(234, int(sys.argv[1]), int(sys.argv[1]), 9) == 0 else 1)',
      ),
      python('import fcntl, sys; fcntl.fcntl(0, fcntl.F_SETOWN, int(sys.argv[1]))'),
    ),
    expected: /^crashed exit-code:7$/,
  },
  spy: {
    file: allRefused(
      'cat /proc/$PPID/environ',
      'head -c 1 /proc/$PPID/mem',
      'cat /proc/$PPID/maps',
      'ls /proc/$PPID/fd/',
      'readlink /proc/$PPID/cwd',
      python('import ctypes, sys; sys.exit(0 if ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) == 0 else 1)'),
    ),
    expected: /^crashed exit-code:7$/,
  },
  fugitive: {
    file: allRefused(
      `${own}; echo $$ >$base/supervisor/cgroup.procs`,
      `${own}; echo $$ >$jobs/cgroup.procs`,
      `${own}; echo 3 >$own/cgroup.max.depth`,
      `${own}; mkdir $own/below`,
      `${own}; mkdir $jobs/job-another.1`,
      `${own}; rmdir $own`,
      `${own}; echo 1 >$base/supervisor/cgroup.kill`,
    ),
    expected: /^crashed exit-code:7$/,
  },
  vandal: {
    file: 'run: echo garbage >"$BOOTY_WORKDIR/../../../../spool/incoming/garbage-$BOOTY_JOB_ID.yaml"; echo garbage >>"$BOOTY_OUTPUT"; rm -f ../*.log; for d in ../../*/; do echo x >"$d/stray" || :; rm -f "$d/stray"; done\n',
    expected: /^succeeded$/,
  },
  holder: { file: 'run: setsid sleep 600 & setsid sleep 601 >&2 & exit 4\n', expected: /^crashed exit-code:4$/ },
  'fifo-log': { file: 'run: rm -f ../1.log; mkfifo ../1.log; echo into the void\n', expected: /^succeeded$/ },
  closer: { file: 'run: exec 0<&- 1>&- 2>&-; exit 5\n', expected: /^crashed exit-code:5$/ },
  homeless: {
    file: 'run: rm -rf "$BOOTY_WORKDIR"; mkdir "$BOOTY_WORKDIR" || :; rm -rf "$BOOTY_WORKDIR"\n',
    expected: /^succeeded$/,
  },
  bystander: { file: 'run: test -d "$BOOTY_WORKDIR"; sleep 0.2; echo still here\n', expected: /^succeeded$/ },
};

export const described = ({ outcome, cause, exitCode }: OutcomeRecord): string =>
  [outcome, cause === null ? '' : ` ${cause}`, cause === null || exitCode === null ? '' : `:${exitCode}`].join('');
