import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCycle, folderOf, type Module, readModules } from './modules.ts';

/**
 * Which stage may know which: the life of a job from its file to its outcome. `job` says what a job is, and knows
 * nobody; `native` and `disk` are what Node.js lacks; `cli` and `supervise` know whom they put together.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  job: [],
  native: [],
  // Only for random letters in the names of temporary files.
  disk: ['job'],
  config: ['disk', 'job'],
  schedule: ['job'],
  // Knows texts and bytes, and nobody.
  redact: [],
  // The paths of the configuration, as a type.
  spool: ['config', 'disk', 'job', 'native'],
  // The seam of the queue, which it satisfies.
  ledger: ['disk', 'job', 'schedule'],
  // What a claim is, as a type.
  run: ['disk', 'job', 'native', 'redact', 'schedule'],
  // Where crashes go, as a type; and the job's own source, read like anything that a job may have put there.
  crash: ['config', 'disk', 'job', 'redact'],
  // What runs in the process of a module step: it shares with the rest what both must understand alike.
  module: ['crash', 'job'],
  outbox: ['disk', 'job'],
  // Programs that are told are run like any other.
  report: ['disk', 'job', 'redact', 'run'],
  journal: ['disk', 'job', 'native', 'redact'],
  // Takes commands for the supervisor, and knows it only as two functions.
  control: ['config', 'crash', 'disk', 'job', 'journal', 'ledger', 'native', 'schedule'],
  supervise: 'config crash disk job journal ledger outbox redact report run schedule spool'.split(' '),
  cli: 'config control crash disk job journal ledger native outbox redact report run schedule spool supervise'.split(
    ' ',
  ),
};

/** Packages that only one stage may know, so that another can take their place. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  '@hono/node-server': ['control'],
  '@octokit/core': ['report'],
  '@sentry/node': ['crash'],
  chokidar: ['spool'],
  commander: ['cli'],
  dotenv: ['config'],
  hono: ['control'],
  koffi: ['native'],
  leven: ['job'],
  'node:child_process': ['cli'],
  'node:http': ['control'],
  'node:sqlite': ['ledger'],
  'p-queue': ['supervise'],
  yaml: ['job'],
  zod: ['config', 'control', 'job'],
};

/** What is pure may use nothing else of Node.js. */
const pure: Readonly<Record<string, readonly string[]>> = {
  // `vm`, for a time limit on regular expressions.
  job: ['node:buffer', 'node:crypto', 'node:util', 'node:vm'],
  schedule: [],
  redact: [],
};

const modules = readModules();
const imports = modules.flatMap((module) => module.imports);

/** Folder → folder, each with an import that goes so. */
const directions: ReadonlyMap<string, string> = new Map(
  imports.flatMap(({ from, to, kind }) => {
    const [here, there] = [folderOf(from), folderOf(to)];
    return kind === 'file' && here !== there ? [[`${here} → ${there}`, `${from} imports ${to}`] as const] : [];
  }),
);

void test('the whole program is looked at', () => {
  assert.deepEqual(new Set(modules.map(({ path }) => folderOf(path))), new Set(Object.keys(allowed)));
  assert.ok(modules.length >= 75, `${modules.length} files`);
  assert.ok(imports.length >= 350, `${imports.length} imports`);
  assert.ok(directions.size >= 45, `${directions.size} directions`);
  const known = new Set(modules.map(({ path }) => path));
  for (const { from, to, kind } of imports) if (kind === 'file') assert.ok(known.has(to), `${from} imports ${to}`);
  for (const { path, text, imports: found } of modules) {
    const statements = text.match(/^import\b|^export\b.*\bfrom\b|\bimport\(\s*'/gm) ?? [];
    assert.equal(found.length, statements.length, `each import of ${path} is seen`);
  }
});

void test('only the host of modules imports what it is told to', () => {
  const told = modules.filter(({ text }) => /\bimport\((?!\s*')/.test(text)).map(({ path }) => path);
  assert.deepEqual(told, ['module/load.ts']);
});

void test('a stage knows only those that it may', () => {
  const known = new Set(Object.entries(allowed).flatMap(([from, folders]) => folders.map((to) => `${from} → ${to}`)));
  const forbidden = [...directions].filter(([direction]) => !known.has(direction));
  assert.deepEqual(forbidden, []);
  assert.deepEqual(
    [...known].filter((direction) => !directions.has(direction)),
    [],
    'allowed, and not needed any more',
  );
});

void test('no file leads back to itself', () => {
  assert.equal(findCycle(modules)?.join(' → '), undefined);
});

void test('a circle would be found', () => {
  const module = (path: string, ...to: readonly string[]): Module => ({
    path,
    text: '',
    lines: 1,
    imports: to.map((target) => ({ from: path, to: target, kind: 'file', late: false })),
  });
  const circle = [module('a', 'b', 'd'), module('b', 'c'), module('c', 'd', 'b'), module('d')];
  assert.deepEqual(findCycle(circle), ['b', 'c', 'b']);
  assert.equal(findCycle([module('a', 'b', 'c'), module('b', 'c'), module('c')]), null);
});

void test('a package is known only to its keeper', () => {
  const found = Object.fromEntries(Object.keys(keepers).map((name) => [name, new Set<string>()]));
  for (const { from, to, kind } of imports) if (kind === 'package') found[to]?.add(folderOf(from));
  for (const [name, folders] of Object.entries(keepers)) assert.deepEqual(found[name], new Set(folders), name);
});

void test('every package that is used has a keeper', () => {
  const used = imports.flatMap(({ to, kind }) => (kind === 'package' && !to.startsWith('node:') ? [to] : []));
  assert.deepEqual(
    [...new Set(used)].filter((name) => !(name in keepers)),
    [],
  );
});

void test('what is pure does no I/O', () => {
  for (const { from, to, kind } of imports)
    if (kind === 'package' && to.startsWith('node:'))
      assert.ok((pure[folderOf(from)] ?? [to]).includes(to), `${from} imports ${to}`);
});
