import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempDisposableSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { TemplateShelf } from '../../src/config/templates.ts';
import { memoryPlace } from '../harness/memory-place.ts';

const isRoot = process.getuid?.() === 0;
const rootOnly = isRoot ? {} : { skip: 'only root can set this up' };
const ownUid = process.getuid?.() ?? 0;
const nobody = 65_534;
const sound = 'job: { run: "true" }\n';

/** A directory of templates, and a shelf that reads it. */
class Shelf implements Disposable {
  readonly #directory = mkdtempDisposableSync(join(memoryPlace(), 'booty-shelf-'));
  readonly path = join(this.#directory.path, 'templates.d');
  readonly shelf: TemplateShelf;

  constructor(uid = ownUid) {
    mkdirSync(this.path, { mode: 0o755 });
    this.shelf = new TemplateShelf(this.path, uid);
  }

  /** Long ago, so that it is not taken for one that is being written. */
  write(name: string, content = sound, mode = 0o644): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    utimesSync(path, 1000, 1000);
    return path;
  }

  /** The code of the refusal and its message; null: there is such a template. */
  flaw(name: string): string | null {
    const found = this.shelf.find(name);
    return found.ok ? null : `${found.refusal.code} ${found.refusal.message}`;
  }

  [Symbol.dispose](): void {
    this.#directory.remove();
  }
}

void test('a template is found by the name of its file, and by no other', () => {
  using place = new Shelf();
  place.write('deploy.yaml');
  place.write('.hidden.yaml');
  place.write('old.yaml.bak');
  mkdirSync(join(place.path, 'sub'));
  writeFileSync(join(place.path, 'sub', 'inner.yaml'), sound);
  assert.equal(place.flaw('deploy'), null);
  for (const name of [
    'Deploy',
    'deploy.yaml',
    './deploy',
    'sub/inner',
    '../templates.d/deploy',
    '',
    '.hidden',
    'a\0',
    '..',
  ])
    assert.match(place.flaw(name) ?? 'found', /^TEMPLATE_UNKNOWN/, JSON.stringify(name));
  assert.deepEqual(place.shelf.names(), ['deploy']);
  assert.deepEqual(place.shelf.strangers().sort(), ['old.yaml.bak', 'sub']);
});

void test('where there is no directory, there are no templates', () => {
  using place = new Shelf();
  rmSync(place.path, { recursive: true });
  assert.match(place.flaw('deploy') ?? '', /^TEMPLATE_UNKNOWN/);
  assert.deepEqual(place.shelf.names(), []);
});

void test('a template is read again when it has changed', () => {
  using place = new Shelf();
  place.write('deploy.yaml', 'description: one\njob: { run: "true" }\n');
  const [one, again] = [place.shelf.find('deploy'), place.shelf.find('deploy')];
  assert.ok(one.ok && again.ok);
  assert.equal(one.value.description, 'one');
  place.write('deploy.yaml', 'description: two\njob: { run: "true" }\n');
  const two = place.shelf.find('deploy');
  assert.ok(two.ok);
  assert.equal(two.value.description, 'two');
  rmSync(join(place.path, 'deploy.yaml'));
  assert.match(place.flaw('deploy') ?? '', /^TEMPLATE_UNKNOWN/);
});

void test('a template that has rested is kept until its file is another', () => {
  using place = new Shelf();
  let laterMs = 0;
  const shelf = new TemplateShelf(place.path, ownUid, () => Date.now() + laterMs);
  const described = (text: string): string | null => {
    place.write('deploy.yaml', `description: ${text}\njob: { run: "true" }\n`);
    laterMs += 60_000;
    const found = shelf.find('deploy');
    return found.ok ? found.value.description : null;
  };
  assert.equal(described('one'), 'one');
  assert.equal(described('two'), 'two', 'of the same length and time of writing');
  laterMs += 60_000;
  assert.equal(shelf.find('deploy'), shelf.find('deploy'), 'kept');
  chmodSync(join(place.path, 'deploy.yaml'), 0o666);
  assert.ok(!shelf.find('deploy').ok, 'who may write to it is asked each time');
});

void test('what is wrong with a template is told with its line to whoever uses it', () => {
  using place = new Shelf();
  place.write('deploy.yaml', 'job:\n  run: "true"\n  timout: 5s\n');
  assert.match(place.flaw('deploy') ?? '', /^TEMPLATE_BROKEN the template deploy cannot be used: line 3: .*timout/);
});

for (const mode of [0o664, 0o646, 0o666, 0o620, 0o602])
  void test(`a template of mode ${mode.toString(8)}, that others may write to, is refused`, () => {
    using place = new Shelf();
    place.write('deploy.yaml', sound, mode);
    assert.match(place.flaw('deploy') ?? '', /written to by others/);
  });

for (const mode of [0o775, 0o757, 0o1777])
  void test(`no template of a directory of mode ${mode.toString(8)} is used`, () => {
    using place = new Shelf();
    place.write('deploy.yaml');
    chmodSync(place.path, mode);
    assert.match(place.flaw('deploy') ?? '', /their directory can be written to by others/);
  });

void test('a template of another user is refused, and one of the supervisor’s own user is taken', rootOnly, () => {
  using place = new Shelf(nobody);
  const path = place.write('deploy.yaml');
  assert.equal(place.flaw('deploy'), null, 'of root');
  chownSync(path, nobody, nobody);
  assert.equal(place.flaw('deploy'), null, 'of the own user');
  chownSync(path, 1, 1);
  assert.match(place.flaw('deploy') ?? '', /belongs to uid 1/);
  chownSync(path, 0, 0);
  chownSync(place.path, 1, 1);
  assert.match(place.flaw('deploy') ?? '', /their directory belongs to uid 1/);
});

void test('a link, a directory, a FIFO and a device are no templates', () => {
  using place = new Shelf();
  symlinkSync(place.write('real.yaml'), join(place.path, 'link.yaml'));
  symlinkSync('/dev/zero', join(place.path, 'zero.yaml'));
  mkdirSync(join(place.path, 'directory.yaml'));
  execFileSync('mkfifo', ['-m', '644', join(place.path, 'fifo.yaml')]);
  assert.match(place.flaw('link') ?? '', /symbolic link/);
  assert.match(place.flaw('zero') ?? '', /symbolic link/);
  assert.match(place.flaw('directory') ?? '', /not a regular file/);
  assert.match(place.flaw('fifo') ?? '', /not a regular file/);
  assert.equal(place.flaw('real'), null);
});

void test('a template that is far too long is not read', () => {
  using place = new Shelf();
  place.write('deploy.yaml', `${sound}# ${'x'.repeat(1024 * 1024)}\n`);
  assert.match(place.flaw('deploy') ?? '', /more than 1 MiB/);
});

void test('a file that takes the place of a template between two looks is never taken for it', rootOnly, async () => {
  using place = new Shelf();
  place.write('deploy.yaml', 'description: good\njob: { run: "true" }\n');
  place.write('.bad', 'description: evil\njob: { run: "true" }\n');
  chownSync(join(place.path, '.bad'), nobody, nobody);
  const swap = `
    const { workerData } = require('node:worker_threads');
    const { renameSync } = require('node:fs');
    const { join } = require('node:path');
    const at = (name) => join(workerData, name);
    for (let turn = 0; turn < 20000; turn += 1) {
      renameSync(at('deploy.yaml'), at('.good')); renameSync(at('.bad'), at('deploy.yaml'));
      renameSync(at('deploy.yaml'), at('.bad')); renameSync(at('.good'), at('deploy.yaml'));
    }
  `;
  const worker = new Worker(swap, { eval: true, workerData: place.path });
  const swapping = { goesOn: true };
  worker.once('exit', () => (swapping.goesOn = false));
  const seen = new Set<string>();
  while (swapping.goesOn) {
    for (let look = 0; look < 200; look += 1) {
      const found = place.shelf.find('deploy');
      seen.add(found.ok ? (found.value.description ?? '') : found.refusal.code);
    }
    await setImmediate();
  }
  assert.ok(seen.has('good') && seen.has('TEMPLATE_BROKEN'), [...seen].join(', '));
  assert.ok(!seen.has('evil'), [...seen].join(', '));
});

void test('where the links of a path lead is looked at', () => {
  using place = new Shelf();
  const below = join(place.path, 'imports');
  mkdirSync(join(below, 'sub'), { recursive: true });
  writeFileSync(join(below, 'sub', 'file'), '');
  symlinkSync('/etc', join(below, 'out'));
  symlinkSync('sub', join(below, 'in'));
  symlinkSync('/nowhere/at/all', join(below, 'dangling'));
  symlinkSync('circle', join(below, 'circle'));
  const flaw = (path: string) => place.shelf.flawOfPath(join(below, path), below);
  for (const path of ['sub/file', 'in/file', 'new', 'sub/new/newer', 'in/new']) assert.equal(flaw(path), null, path);
  for (const path of ['out', 'out/passwd', 'out/new', 'dangling', 'dangling/new'])
    assert.match(flaw(path) ?? '', /leads out/, path);
  assert.match(flaw('circle') ?? '', /ELOOP/);
  assert.match(place.shelf.flawOfPath('/nowhere/x', '/nowhere') ?? '', /no directory/);
  renameSync(below, `${below}.real`);
  symlinkSync(`${below}.real`, below);
  assert.equal(flaw('sub/file'), null, 'root may put the directory elsewhere by a link');
});
