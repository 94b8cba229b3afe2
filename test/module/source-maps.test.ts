import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { lineOf, ModuleScene } from './scene.ts';

const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc');
/** Has what types cannot simply be stripped from, so that lines move. */
const source = `enum Kind {
  Price,
  Rate,
}

interface Row {
  readonly kind: Kind;
}

function check(row: Row): void {
  if (row.kind === Kind.Price) throw new RangeError('no price'); // throws
}

export default async function load(): Promise<void> {
  await null;
  check({ kind: Kind.Price });
}
`;

let scene: ModuleScene;

/** Compiles the source into the directory of modules, and answers where the source was. */
function compile(name: string, ...options: readonly string[]): string {
  const directory = scene.supervisor.root.in('compile', name);
  const path = join(directory, 'load.ts');
  mkdirSync(directory, { recursive: true });
  writeFileSync(path, source);
  const outDir = scene.supervisor.root.in('etc/modules', name);
  execFileSync(tsc, [
    '--ignoreConfig',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    ...options,
    '--outDir',
    outDir,
    path,
  ]);
  return path;
}

void suite('a compiled module that crashes is told by the lines of its source', () => {
  before(async () => {
    scene = await ModuleScene.open();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const crashOf = async (name: string) => {
    const { event } = await scene.crash(name, { module: `${name}/load.js`, crash: { sourceLines: 1 } });
    return event.exception?.values[0]?.stacktrace?.frames.at(-1);
  };

  for (const [name, options] of Object.entries({
    'a map beside it': ['--sourceMap'],
    'a map in it': ['--inlineSourceMap'],
  }))
    void test(name, async () => {
      const id = name.replaceAll(' ', '-');
      const path = compile(id, ...options);
      const frame = await crashOf(id);
      assert.deepEqual(
        [frame?.abs_path, frame?.lineno, frame?.function, frame?.in_app],
        [path, lineOf(path, '// throws'), 'check', true],
      );
      assert.match(frame?.context_line ?? '', /throw new RangeError\('no price'\); \/\/ throws$/);
    });

  void test('a map that has the source in it, which is not on this machine', async () => {
    const path = compile('carried', '--inlineSourceMap', '--inlineSources');
    const line = lineOf(path, '// throws');
    rmSync(path);
    const frame = await crashOf('carried');
    assert.deepEqual([frame?.abs_path, frame?.lineno], [path, line]);
    assert.match(frame?.context_line ?? '', /\/\/ throws$/);
  });

  void test('without a map: by those that it has', async () => {
    compile('mapless');
    const path = scene.supervisor.root.in('etc/modules/mapless/load.js');
    const frame = await crashOf('mapless');
    assert.deepEqual([frame?.abs_path, frame?.lineno], [path, lineOf(path, '// throws')]);
    assert.ok(readFileSync(path, 'utf8').includes('// throws'));
  });
});
