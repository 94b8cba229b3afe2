import type { Octokit } from '@octokit/core';
import type { OutcomeRecord } from '../job/outcome.ts';
import { plainLine } from '../job/plain-line.ts';
import type { GithubTarget } from '../job/report.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { type Deliverer, type Delivery, delayed, reasonOf, type SecretOf, type Try } from './delivery.ts';
import { commentOf, markerOf } from './github-comment.ts';
import { decideGithub } from './reply.ts';

interface GithubParts {
  /** `https://api.github.com`, or that of a server of one's own. */
  readonly api: () => string;
  readonly secretOf: SecretOf;
  /** The end of what the job printed, without secrets; null where there is nothing. */
  readonly logTail: (record: OutcomeRecord) => string | null;
  /** Takes out what must not leave the machine. */
  readonly redact: (text: string) => string;
  readonly host: string;
}

interface Comment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  readonly isBot: boolean;
}

const pageSize = 50;
/** Of comments on an issue: beyond these ours is not looked for. */
const maxPages = 40;
/** What is remembered of comments, so that they need not be looked for. */
const maxRemembered = 1000;

/**
 * Comments on issues and pull requests: one for each job name, made by its first job, and edited by the next. A comment
 * is found by its first line, also where the answer to its creation was lost.
 */
export class GithubComments implements Deliverer<GithubTarget> {
  readonly #parts: GithubParts;
  readonly #remembered = new Map<string, number>();

  constructor(parts: GithubParts) {
    this.#parts = parts;
  }

  async deliver(record: OutcomeRecord, target: GithubTarget, attempt: Try): Promise<Delivery> {
    const token = this.#parts.secretOf(target.secret);
    if (token === null) return delayed(`secrets.env has no ${target.secret}`, 'report');
    const { host, logTail, redact } = this.#parts;
    const body = redact(commentOf(record, host, logTail(record)));
    const limit = AbortSignal.timeout(target.timeoutMs);
    try {
      const client = await this.#client(token.trim(), AbortSignal.any([attempt.signal, limit]));
      return await this.#put(client, target, record.name, body);
    } catch (error) {
      return decideError(error, limit, target.timeoutMs);
    }
  }

  /** Loaded when it is needed first: few supervisors need it. */
  async #client(token: string, signal: AbortSignal): Promise<Octokit> {
    const { Octokit } = await import('@octokit/core');
    return new Octokit({
      auth: token,
      baseUrl: this.#parts.api().replace(/\/+$/, ''),
      userAgent: 'booty',
      request: { fetch: boundedFetch(signal) },
      log: silent,
    });
  }

  async #put(client: Octokit, target: GithubTarget, name: string, body: string): Promise<Delivery> {
    const key = `${target.owner}/${target.repository}#${target.issue} ${name}`.toLowerCase();
    const known = this.#remembered.get(key);
    if (known !== undefined && (await this.#edit(client, target, known, body))) return edited(known);
    this.#remembered.delete(key);
    const found = await this.#find(client, target, markerOf(name));
    if (found !== null && (await this.#edit(client, target, found, body))) {
      this.#remember(key, found);
      return edited(found);
    }
    const created = await client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...placeOf(target),
      body,
    });
    const id: unknown = (created.data as Partial<{ id: unknown }> | null)?.id;
    if (typeof id === 'number') this.#remember(key, id);
    return { kind: 'made', note: `comment ${typeof id === 'number' ? id : ''} created`.replace('  ', ' ') };
  }

  /** False where it has been deleted. */
  async #edit(client: Octokit, target: GithubTarget, id: number, body: string): Promise<boolean> {
    try {
      const { owner, repository: repo } = target;
      await client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
        owner,
        repo,
        comment_id: id,
        body,
      });
      return true;
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 410) return false;
      throw error;
    }
  }

  /** Our comment with that first line; null where there is none. Somebody else's is not ours to edit. */
  async #find(client: Octokit, target: GithubTarget, marker: string): Promise<number | null> {
    let us: string | null | undefined;
    for (let page = 1; page <= maxPages; page += 1) {
      const { data } = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        ...placeOf(target),
        per_page: pageSize,
        page,
      });
      const comments = commentsOf(data);
      for (const comment of comments.filter(({ body }) => body.split(/\r?\n/, 1)[0] === marker)) {
        us ??= await whoWeAre(client);
        if (us === null ? comment.isBot : comment.author === us) return comment.id;
      }
      if (comments.length < pageSize) return null;
    }
    return null;
  }

  #remember(key: string, id: number): void {
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size >= maxRemembered) this.#remembered.delete(oldest);
    this.#remembered.set(key, id);
  }
}

const edited = (id: number): Delivery => ({ kind: 'made', note: `comment ${id} edited` });

const placeOf = ({ owner, repository, issue }: GithubTarget) => ({ owner, repo: repository, issue_number: issue });

/** The login of the token; null for that of an app or a workflow, which may not ask. */
async function whoWeAre(client: Octokit): Promise<string | null> {
  try {
    const { data } = await client.request('GET /user');
    return typeof data.login === 'string' ? data.login : null;
  } catch (error) {
    const response = responseOf(error);
    const decision = response && decideGithub({ ...response, message: messageOf(error) }, Date.now());
    // Not for want of a rate, which would pass.
    if (response?.status === 403 && decision?.kind === 'delayed' && decision.of === 'report') return null;
    throw error;
  }
}

/** An answer that was cut off reads as if there were no comment: another one would be made. @throws Error */
function commentsOf(data: unknown): Comment[] {
  if (!Array.isArray(data)) throw new Error('the list of comments could not be read');
  return data.map((item: unknown) => {
    const { id, body, user } = item as {
      id?: unknown;
      body?: unknown;
      user?: { login?: unknown; type?: unknown } | null;
    };
    if (typeof id !== 'number') throw new Error('the list of comments could not be read');
    return { id, body: asText(body), author: asText(user?.login), isBot: user?.type === 'Bot' };
  });
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

function decideError(error: unknown, limit: AbortSignal, limitMs: number): Delivery {
  const response = responseOf(error);
  if (!response) return delayed(limit.aborted ? reasonOf(limit.reason, limitMs) : reasonOf(error, limitMs));
  return decideGithub({ ...response, message: messageOf(error) }, Date.now());
}

const messageOf = (error: unknown): string => (error instanceof Error ? plainLine(error.message).slice(0, 200) : '');

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** Of an error of the client; null where no answer came. */
function responseOf(error: unknown): Response | null {
  if (!(error instanceof Error && 'response' in error && error.response)) return null;
  const { status, headers } = error.response as Response;
  return { status, headers };
}
const statusOf = (error: unknown): number | null => responseOf(error)?.status ?? null;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
