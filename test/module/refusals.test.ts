import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ModuleScene } from './scene.ts';

let scene: ModuleScene;

interface Case {
  readonly text: string;
  readonly reason: RegExp;
  /** What the log says to do about it. */
  readonly hint?: RegExp;
  /** Of the last frame: the place that does not do. */
  readonly line?: number;
}

/** What is wrong with a module, told by its author. */
const cases: Readonly<Record<string, Case>> = {
  'missing-package.ts': {
    text: 'import x from "no-such-package";\nexport default () => x;\n',
    reason: /^Error: Cannot find package 'no-such-package' imported from .*missing-package\.ts/,
    hint: /npm install in .*\/modules or above/,
  },
  'missing-file.ts': {
    text: 'import x from "./other";\nexport default () => x;\n',
    reason: /^Error: Cannot find module .*\/other/,
    hint: /imported with their endings/,
  },
  'enum.ts': {
    text: '// a comment\nenum Colour { Red }\nexport default () => Colour.Red;\n',
    reason: /^SyntaxError: TypeScript enum is not supported in strip-only mode/,
    hint: /no enum, no namespace.*compile it/,
    line: 2,
  },
  'parameter.ts': {
    text: 'class A {\n  constructor(readonly x: number) {}\n}\nexport default () => new A(1);\n',
    reason: /^SyntaxError: TypeScript parameter property is not supported/,
    hint: /no parameter property/,
    line: 2,
  },
  'slip.ts': { text: 'export const a = 1;\nexport default ( => 1;\n', reason: /^SyntaxError: /, line: 2 },
  'slip.mjs': { text: 'export const a = 1;\nexport default ( => 1;\n', reason: /^SyntaxError: /, line: 2 },
  'slip.cjs': { text: 'const a = 1;\n\nmodule.exports = ( => 1;\n', reason: /^SyntaxError: /, line: 3 },
  'no-name.mjs': {
    text: '\nimport { nothing } from "node:fs";\nexport default () => nothing;\n',
    reason: /^SyntaxError: The requested module 'node:fs' does not provide an export named 'nothing'/,
    line: 2,
  },
  'throws-early.ts': {
    text: 'const table = new Map<string, string>();\n\nthrow new RangeError(`empty ${table.size}`);\n',
    reason: /^RangeError: empty 0/,
    line: 3,
  },
  'no-default.ts': {
    text: 'export const load = () => 1;\n',
    reason: /^ModuleError: .*no-default\.ts has no default export: it exports load\. Add "export default"/,
  },
};

void suite('a module that cannot be run crashes with the real error', () => {
  before(async () => {
    scene = await ModuleScene.open();
    for (const [name, { text }] of Object.entries(cases))
      await scene.supervisor.root.write(`etc/modules/${name}`, text);
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  for (const [name, { reason, hint, line }] of Object.entries(cases))
    void test(name, async () => {
      const { outcome, event } = await scene.crash(name, { module: `./${name}` });
      assert.deepEqual([outcome.outcome, outcome.exitCode], ['crashed', 1]);
      assert.match(outcome.reason ?? '', reason);
      if (hint) assert.match(scene.log(name), hint);
      const last = event.exception?.values.at(-1)?.stacktrace?.frames.at(-1);
      const path = scene.supervisor.root.in('etc/modules', name);
      if (line !== undefined) assert.deepEqual([last?.abs_path, last?.lineno], [path, line]);
    });

  void test('not-there.ts', async () => {
    const { outcome } = await scene.crash('not-there', { module: 'not-there.ts' });
    const path = scene.supervisor.root.in('etc/modules/not-there.ts');
    assert.ok(
      outcome.reason?.startsWith(`ModuleError: there is no module ${path}: put it there`),
      outcome.reason ?? '',
    );
  });

  void test('booty submit says before that a module is not there, and drops the job all the same', async () => {
    const { root } = scene.supervisor;
    await root.write('job.yaml', 'id: told\nmodule: ./not-there.ts\n');
    const { status, stdout, stderr } = await root.booty('submit', root.in('job.yaml'));
    assert.deepEqual([status, stdout], [0, 'told\n']);
    assert.match(stderr, /there is no module .*etc\/modules\/not-there\.ts here/);
    assert.equal((await scene.supervisor.outcome('told')).outcome, 'crashed');
  });

  void test('booty check says where modules are looked for, and who may put them there', async () => {
    const { root } = scene.supervisor;
    assert.match((await root.booty('check')).stdout, /ok +.*\/etc\/modules: modules are looked for there/);
    await using other = await ModuleScene.open();
    assert.match((await other.supervisor.root.booty('check')).stdout, /etc\/modules: not there/);
  });
});
