/** What the service manager does for a supervisor that goes while its jobs run on. */
export interface Restart {
  /** A directory: see `keeper.ts`. */
  readonly marks: string;
  /** What it is about to do with us: whether another supervisor will be started, and, where that cannot take what runs, why not. */
  asked(): Promise<Asked>;
  /** Makes room for the next supervisor, in a cgroup of our own, without having it started yet. What is refused is an answer. */
  standAside(): Promise<Aside | { readonly refused: string }>;
}

export type Asked =
  | { readonly kind: 'stop' }
  | { readonly kind: 'restart' }
  /** A restart, under which nothing can be kept. */
  | { readonly kind: 'refused'; readonly why: string };

/** The service manager takes another process for the supervisor. */
export interface Aside {
  /** A socket whose other end the next supervisor gets. */
  readonly file: number;
  /** Has the next supervisor started. */
  leave(): void;
}
