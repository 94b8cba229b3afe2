import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomText } from '../../src/job/id.ts';
import { mountPoint } from '../run/cgroups.ts';

/** Makes a cgroup as a service manager would for a unit with Delegate=, and becomes the program in it. */
const delegate =
  'mkdir -p "$1" && python3 -c "import os, sys; os.setxattr(sys.argv[1], \'user.delegate\', b\'1\')" "$1" && chown -R "$2" "$1" && echo $$ >"$1/cgroup.procs" && shift 2 && exec "$@"';

/** A part of the hierarchy that is given to a supervisor. Those that it leaves in it are found here. */
export class Delegated implements Disposable {
  readonly base = join(mountPoint() ?? '', `booty-test-${process.pid}-${randomText(6)}`);

  /** Whose it is. */
  readonly #uid: number;

  constructor(uid = 0) {
    this.#uid = uid;
  }

  get wrapper(): [string, ...string[]] {
    return ['sh', '-c', delegate, 'delegate', this.base, String(this.#uid)];
  }

  /** What is in it once the supervisor has ended: `jobs`, `supervisor`, and cgroups of attempts. */
  get left(): readonly string[] {
    return below(join(this.base, 'jobs'));
  }

  [Symbol.dispose](): void {
    for (const name of below(this.base)) rmdirSync(join(this.base, name));
    rmdirSync(this.base);
  }
}

const below = (path: string): readonly string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
