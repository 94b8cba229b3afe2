import type { Milliseconds } from './units.ts';

/** Who is told that a job has ended. */
export type ReportTarget = WebhookTarget | CommandTarget | GithubTarget;

/** An HTTP POST of the outcome. */
export interface WebhookTarget {
  readonly kind: 'webhook';
  readonly url: string;
  /** The variable of secrets.env that it is signed with; null: it is not signed. */
  readonly secret: string | null;
  readonly timeoutMs: Milliseconds;
}

/** A program of this machine, with the outcome as its input. */
export interface CommandTarget {
  readonly kind: 'command';
  readonly argv: readonly [string, ...string[]];
  readonly timeoutMs: Milliseconds;
}

/** A comment on an issue or pull request. */
export interface GithubTarget {
  readonly kind: 'github';
  readonly owner: string;
  readonly repository: string;
  readonly issue: number;
  /** The variable of secrets.env that holds the token. */
  readonly secret: string;
  readonly timeoutMs: Milliseconds;
}

export interface Report {
  readonly target: ReportTarget;
  /** The outcomes that are told. */
  readonly on: readonly (typeof reportOutcomes)[number][];
  /** Who asked for it. What booty.yaml asks for needs no leave. */
  readonly askedBy: 'job' | 'configuration';
}

export const reportKinds = ['webhook', 'command', 'github'] as const;
export type ReportKind = (typeof reportKinds)[number];

/** In the words of the outcome file. */
export const reportOutcomes = ['succeeded', 'rejected', 'crashed', 'cancelled', 'skipped'] as const;

/** A target as people may see it: an address may be a secret beyond its host, and a command have one among its arguments. */
export function describeTarget(target: ReportTarget): string {
  switch (target.kind) {
    case 'webhook':
      return `webhook ${URL.parse(target.url)?.host ?? ''}`;
    case 'command':
      return `command ${target.argv[0]}`;
    case 'github':
      return `github ${target.owner}/${target.repository}#${target.issue}`;
  }
}

/**
 * What may fail together: a host, a program, GitHub. Reports on one route wait behind each other where it is in
 * trouble, and on no other.
 */
export function routeOf(target: ReportTarget): string {
  switch (target.kind) {
    case 'webhook':
      return `webhook ${URL.parse(target.url)?.origin ?? ''}`;
    case 'command':
      return `command ${target.argv[0]}`;
    // GitHub asks for one request after the other (docs.github.com, Best practices for using the REST API).
    case 'github':
      return 'github';
  }
}
