import {
  closeSync,
  fstatSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import { maxDocumentBytes } from '../job/document.ts';
import { parseTemplate } from '../job/parse-template.ts';
import { type Parsed, type Refusal, refused } from '../job/refusal.ts';
import { isTemplateName, type Template, type Templates } from '../job/template.ts';

type Read = Parsed<Template> & { readonly also?: readonly Refusal[] };

interface Kept {
  readonly key: string;
  readonly read: Read;
}

const quietMs = 2000;
/** More files are not looked at. */
const maxTemplates = 1000;

/**
 * The templates of a directory. What they say runs as the supervisor's user for whoever may use them: a file, and the
 * directory, must belong to root or to that user, and nobody else may write to them.
 */
export class TemplateShelf implements Templates {
  readonly #directory: string;
  /** The supervisor's own user. */
  readonly #ownUid: number;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(directory: string, ownUid: number, now: () => number = Date.now) {
    this.#directory = directory;
    this.#now = now;
    this.#ownUid = ownUid;
  }

  /** The template of that name, as it is now. Read again only when the file has changed. */
  find(name: string): Parsed<Template> {
    const read = this.read(name);
    if (read === null) return refused(unknown(name));
    if (read.ok) return read;
    const { line, message } = read.refusal;
    return refused({
      code: 'TEMPLATE_BROKEN',
      message: `the template ${name} cannot be used: ${line === undefined ? '' : `line ${line}: `}${message}`.slice(
        0,
        300,
      ),
      hint: 'ask whoever keeps the templates; booty check tells all that is wrong with it',
    });
  }

  /** The same, with every problem of its file. Null where there is none. */
  read(name: string): Read | null {
    if (!isTemplateName(name)) return null;
    try {
      const flaw = this.#flawOfDirectory();
      return flaw === null ? this.#readFile(name) : refused(flaw);
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      this.#kept.delete(name);
      return code === 'ENOENT' || code === 'ENOTDIR' ? null : refused(unreadable(code));
    }
  }

  /** Names of all that are there, also of those that are broken. @throws the system's error where the directory cannot be read */
  names(): string[] {
    try {
      const names = readdirSync(this.#directory).flatMap((entry) => /^(.+)\.yaml$/.exec(entry)?.[1] ?? []);
      return names.filter(isTemplateName).sort().slice(0, maxTemplates);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** Files there that are no templates because of their names. */
  strangers(): string[] {
    const entries = readdirSync(this.#directory).filter((entry) => !entry.startsWith('.'));
    return entries.filter((entry) => !entry.endsWith('.yaml') || !isTemplateName(entry.slice(0, -5)));
  }

  flawOfPath(path: string, below: string): string | null {
    try {
      const base = realpathSync(below);
      const real = realPathOf(path);
      return real.startsWith(`${base}/`) ? null : `leads out of ${below} by a symbolic link`;
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      if (code === 'ENOENT' || code === 'ENOTDIR') return `there is no directory ${below}`;
      return `cannot be looked at by the supervisor (${code})`;
    }
  }

  #flawOfDirectory(): Refusal | null {
    const status = statSync(this.#directory);
    return this.#flawOf(status, 'their directory');
  }

  #readFile(name: string): Read {
    const file = openUntrusted(join(this.#directory, `${name}.yaml`));
    try {
      const status = fstatSync(file, { bigint: true });
      if (!status.isFile()) return refused(untrusted('it is not a regular file', 'put a regular file there'));
      const flaw = this.#flawOf(fstatSync(file), 'its file');
      if (flaw) return refused(flaw);
      if (status.size > maxDocumentBytes) return refused(untrusted('it has more than 1 MiB', 'shorten it'));
      const key = [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(' ');
      const kept = this.#kept.get(name);
      if (kept?.key === key) return kept.read;
      const read = parseTemplate(name, readFileSync(file));
      // Two changes within one tick of the file system's clock look like one.
      if (this.#now() - Number(status.ctimeMs) < quietMs) return read;
      if (this.#kept.size >= maxTemplates) this.#kept.clear();
      this.#kept.set(name, { key, read });
      return read;
    } finally {
      closeSync(file);
    }
  }

  #flawOf({ uid, mode }: Stats, what: string): Refusal | null {
    if (uid !== 0 && uid !== this.#ownUid)
      return untrusted(`${what} belongs to uid ${uid}, and not to root`, `chown root ${this.#directory}`);
    if ((mode & 0o022) === 0) return null;
    return untrusted(`${what} can be written to by others than its owner`, `chmod go-w ${this.#directory}`);
  }
}

/** Where a path leads, as far as it exists; empty where a link on it leads nowhere. @throws the system's error */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    // A link to what is not there yet: whoever makes that file makes it elsewhere.
    if (lstatSync(path, { throwIfNoEntry: false })) return '';
    const parent = realPathOf(dirname(path));
    return parent === '' ? '' : join(parent, basename(path));
  }
}

const untrusted = (message: string, hint: string): Refusal => ({ code: 'TEMPLATE_BROKEN', message, hint });

const unreadable = (code: string): Refusal =>
  untrusted(
    code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read (${code})`,
    code === 'ELOOP' ? 'put the file itself there' : 'chmod go+r, or what the error says',
  );

const unknown = (name: string): Refusal => ({
  code: 'TEMPLATE_UNKNOWN',
  message: `there is no template ${JSON.stringify(name)}`,
  hint: 'booty template list shows those that there are',
});
