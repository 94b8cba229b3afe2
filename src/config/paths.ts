import { join, resolve } from 'node:path';

/** Every place on disk that Booty uses, absolute. */
export interface Paths {
  readonly config: string;
  readonly secrets: string;
  readonly release: string;
  /** Where the relative paths of module steps begin. */
  readonly modules: string;
  /** Where the templates are. */
  readonly templates: string;
  /** The job files of recurring work, `NAME.yaml`. */
  readonly recurring: string;
  readonly spool: string;
  readonly incoming: string;
  /** Files that the supervisor has taken from `incoming` and not yet decided about. On the same file system, so that taking is one rename. */
  readonly claimed: string;
  readonly rejected: string;
  readonly outcomes: string;
  readonly state: string;
  readonly ledger: string;
  /** Held by the one supervisor of this ledger. */
  readonly lock: string;
  readonly jobs: string;
  readonly outbox: string;
  /** Where the running supervisor takes commands. */
  readonly socket: string;
}

/** What may be chosen apart from the rest; undefined keeps the default. */
export interface PathChoices {
  readonly root?: string | undefined;
  readonly config?: string | undefined;
  readonly secrets?: string | undefined;
  readonly release?: string | undefined;
  readonly modules?: string | undefined;
  readonly templates?: string | undefined;
  readonly spool?: string | undefined;
  readonly state?: string | undefined;
  readonly socket?: string | undefined;
}

/** The choices of the environment: BOOTY_ROOT, BOOTY_CONFIG, BOOTY_SECRETS, BOOTY_RELEASE, BOOTY_MODULES, BOOTY_TEMPLATES, BOOTY_SPOOL, BOOTY_STATE, BOOTY_SOCKET. Empty counts as unset. */
export const pathsOfEnvironment = (env: NodeJS.ProcessEnv): PathChoices => ({
  root: env.BOOTY_ROOT || undefined,
  config: env.BOOTY_CONFIG || undefined,
  secrets: env.BOOTY_SECRETS || undefined,
  release: env.BOOTY_RELEASE || undefined,
  modules: env.BOOTY_MODULES || undefined,
  templates: env.BOOTY_TEMPLATES || undefined,
  spool: env.BOOTY_SPOOL || undefined,
  state: env.BOOTY_STATE || undefined,
  socket: env.BOOTY_SOCKET || undefined,
});

/** Where the configuration file is: it must be known before the file can choose anything. */
export const configPath = (flags: PathChoices, env: PathChoices): string => {
  const root = flags.root ?? env.root;
  return resolve(
    flags.config ?? env.config ?? (root === undefined ? '/etc/booty/booty.yaml' : join(root, 'etc', 'booty.yaml')),
  );
};

/** Flags win over the environment, that over `paths` in booty.yaml, that over the layout below a root, or the system's. */
export function resolvePaths(flags: PathChoices, env: PathChoices, file: PathChoices): Paths {
  const root = flags.root ?? env.root;
  const base =
    root === undefined
      ? { etc: '/etc/booty', spool: '/var/spool/booty', state: '/var/lib/booty', run: '/run/booty' }
      : belowRoot(root);
  const spool = resolve(flags.spool ?? env.spool ?? file.spool ?? base.spool);
  const state = resolve(flags.state ?? env.state ?? file.state ?? base.state);
  return {
    config: configPath(flags, env),
    secrets: resolve(flags.secrets ?? env.secrets ?? file.secrets ?? join(base.etc, 'secrets.env')),
    release: resolve(flags.release ?? env.release ?? file.release ?? join(base.etc, 'release.env')),
    modules: resolve(flags.modules ?? env.modules ?? file.modules ?? join(base.etc, 'modules')),
    templates: resolve(flags.templates ?? env.templates ?? file.templates ?? join(base.etc, 'templates.d')),
    recurring: join(base.etc, 'recurring'),
    spool,
    incoming: join(spool, 'incoming'),
    claimed: join(spool, 'incoming', '.claimed'),
    rejected: join(spool, 'rejected'),
    outcomes: join(spool, 'outcomes'),
    state,
    ledger: join(state, 'ledger.db'),
    lock: join(state, 'supervisor.lock'),
    jobs: join(state, 'jobs'),
    outbox: join(state, 'outbox'),
    socket: resolve(flags.socket ?? env.socket ?? file.socket ?? join(base.run, 'booty.sock')),
  };
}

const belowRoot = (root: string) => ({
  etc: join(root, 'etc'),
  spool: join(root, 'spool'),
  state: join(root, 'lib'),
  run: join(root, 'run'),
});
