import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomText } from '../../src/job/id.ts';
import type { CgroupTree } from '../../src/run/cgroup-tree.ts';
import { decide } from '../system/prerequisites.ts';

/** Where the hierarchy of version 2 is mounted: also beside others, without controllers, where all but limits can be tried. */
export const mountPoint = (): string | null =>
  /^\d+ \d+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? null;

/** What they lack here; null: they can be made. */
export function whyNoCgroups(): string | null {
  const mounted = mountPoint();
  if (process.getuid?.() !== 0) return 'needs root';
  if (mounted === null) return 'needs cgroup v2';
  try {
    accessSync(mounted, constants.W_OK);
    return null;
  } catch (error) {
    return `needs a cgroup v2 that is writable: ${String(error)}`;
  }
}

/** For the options of a test: it needs cgroups, and on CI they must be there. */
export function withCgroups(): { readonly skip?: string } {
  const decision = decide(process.env, whyNoCgroups());
  switch (decision.kind) {
    case 'run':
      return {};
    case 'skip':
      return { skip: decision.reason };
    case 'fail':
      throw new Error(decision.reason);
  }
}

/** A part of the hierarchy of one's own, which must be empty in the end. */
export class ScratchTree implements CgroupTree, Disposable {
  readonly base: string;
  readonly jobs: string;
  readonly controllers = new Set<never>();
  readonly disk = null;

  constructor() {
    this.base = join(mountPoint() ?? '', `booty-test-${process.pid}-${randomText(6)}`);
    this.jobs = join(this.base, 'jobs');
    mkdirSync(this.jobs, { recursive: true });
  }

  /** The cgroups of attempts that there are. */
  get left(): readonly string[] {
    return readdirSync(this.jobs, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
  }

  [Symbol.dispose](): void {
    rmdirSync(this.jobs);
    rmdirSync(this.base);
  }
}
