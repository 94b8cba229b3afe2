import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const home = join(import.meta.dirname, '../..');

/** One block of code of a document. */
export interface Block {
  readonly language: string;
  /** What a comment on its first line names, in a script on its second: a file. Null where there is none. */
  readonly title: string | null;
  readonly code: string;
  /** What a comment that readers do not see says just above it: `<!-- ends: crashed -->`. */
  readonly note: string | null;
}

/** A document, and the code in it. */
export class Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];

  /** @param path below the checkout, such as docs/JOBS.md */
  constructor(path: string) {
    this.path = path;
    this.text = readFileSync(join(home, path), 'utf8');
    const found = this.text.matchAll(/^(?:<!-- ([^\n]*) -->\n)?```(\w+)\n([^]*?)^```$/gm);
    this.blocks = Array.from(found, ([, note, language = '', code = '']) => ({
      language,
      code,
      note: note ?? null,
      title: /^(?:#!.*\n)?(?:#|\/\/) (\S+(?: \S+)?)\n/.exec(code)?.[1] ?? null,
    }));
  }

  /** The block that names this file. */
  file(title: string): string {
    const found = this.blocks.find((block) => block.title === title);
    assert.ok(found, `${this.path} has ${title}`);
    return found.code;
  }
}

/** Every document that people read, below the checkout. */
export const pages = (): Page[] =>
  ['.', 'docs', 'docs/recipes'].flatMap((directory) =>
    readdirSync(join(home, directory))
      .filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
      .map((name) => new Page(join(directory, name))),
  );
