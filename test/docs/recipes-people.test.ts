import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { test } from 'node:test';
import { nameless, rootOnly } from '../supervise/another-user.ts';
import { Kitchen } from './kitchen.ts';
import { Page } from './page.ts';

/** A root directory with the machine's programs and the spool in it, and nothing else. */
const container = (rootPath: string, script: string): string => `set -e
new=${rootPath}/container
mkdir -p "$new"
mount -t tmpfs -o mode=755 none "$new"
for name in bin sbin lib lib64 usr; do
  if [ -L "/$name" ]; then cp -P "/$name" "$new/$name"
  elif [ -d "/$name" ]; then mkdir "$new/$name"; mount --rbind "/$name" "$new/$name"; fi
done
mkdir -p "$new/tmp" "$new/dev" "$new/spool/incoming" "$new/spool/outcomes" "$new/spool/rejected"
mknod -m 666 "$new/dev/null" c 1 3
mount --bind ${rootPath}/spool/incoming "$new/spool/incoming"
for name in outcomes rejected; do
  mount --bind ${rootPath}/spool/$name "$new/spool/$name"
  mount -o remount,bind,ro "$new/spool/$name"
done
cat > "$new/tmp/drop-report" <<'SCRIPT'
${script}
SCRIPT
exec chroot --userspec=${nameless}:${nameless} "$new" sh -c 'ls /; sh /tmp/drop-report "$1"' sh "$1"
`;

void test(
  'docs/recipes/container.md: what sees only the spool runs jobs on the host, and learns how they end',
  rootOnly,
  async (t) => {
    await using kitchen = await Kitchen.open(new Page('docs/recipes/container.md'));
    chmodSync(kitchen.root.in('spool/incoming'), 0o1777);
    for (const directory of ['spool', 'spool/outcomes', 'spool/rejected']) chmodSync(kitchen.root.in(directory), 0o755);
    const report = kitchen.root.in('bin/make-report');
    await kitchen.standIn('make-report', 'test ! -e "$HERE/broken"');
    const run = (name: string, script: string) =>
      kitchen.sh(
        `unshare -m --propagation private sh -c '${container(kitchen.root.path, script).replaceAll("'", `'\\''`)}' sh ${name}`,
      );
    if (spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0) {
      t.skip('SYSTEM: needs a mount namespace of its own');
      return;
    }
    const script = kitchen.file('drop-report').replace('run: make-report', `run: ${report}`);
    const good = await run('monday', script);
    assert.equal(good.stdout, 'bin\ndev\nlib\nlib64\nsbin\nspool\ntmp\nusr\n"outcome": "succeeded"\n', good.stderr);
    await kitchen.root.write('srv/broken', '');
    assert.match((await run('tuesday', script)).stdout, /"outcome": "crashed"/);
    assert.match((await run('friday', script.replace('run:', 'rum:'))).stdout, /"message": "unknown key/);
  },
);

const denied: readonly (readonly [what: string, keys: Readonly<Record<string, unknown>>, code: string])[] = [
  ['a job of one’s own', { run: 'rm -rf /' }, 'POLICY'],
  ['a path that leaves the directory', { uses: 'thumbnail', with: { picture: '../../etc/passwd' } }, 'INVALID_VALUE'],
  ['a number out of bounds', { uses: 'thumbnail', with: { picture: 'cats/one.jpg', width: 99_999 } }, 'INVALID_VALUE'],
  ['an unknown parameter', { uses: 'thumbnail', with: { picture: 'cats/one.jpg', quality: 5 } }, 'UNKNOWN_KEY'],
];

void test('docs/recipes/untrusted.md: others choose the parameters, and nothing else', rootOnly, async () => {
  const page = new Page('docs/recipes/untrusted.md');
  await using kitchen = await Kitchen.open(page, { config: page.file('/etc/booty/booty.yaml') });
  await kitchen.standIn('make-thumbnail', 'echo "$2 of $1" >"$HERE/thumbnail"');
  await kitchen.root.write('srv/pictures/cats/one.jpg', 'meow');
  await kitchen.root.write('etc/templates.d/thumbnail.yaml', kitchen.job('/etc/booty/templates.d/thumbnail.yaml'));
  const drop = async (name: string, content: string): Promise<void> => {
    await kitchen.root.write(`spool/.${name}`, content);
    chownSync(kitchen.root.in(`spool/.${name}`), nameless, nameless);
    await kitchen.sh(`mv ${kitchen.root.in(`spool/.${name}`)} ${kitchen.root.in(`spool/incoming/${name}`)}`);
  };
  await drop('cat.yaml', kitchen.file('cat.yaml'));
  assert.equal((await kitchen.outcome('cat')).outcome, 'succeeded');
  await kitchen.told('thumbnail', new RegExp(`^640 of ${kitchen.root.in('srv/pictures/cats/one.jpg')}\n$`));
  for (const [what, keys, code] of denied) {
    const name = `${what.replaceAll(' ', '-').replace('’', '')}.json`;
    await drop(name, JSON.stringify(keys));
    await kitchen.supervisor.line({ kind: 'job.refused', file: name, code });
    assert.ok(page.text.includes(`\`${code}\``), code);
  }
  await kitchen.put('cat.yaml');
  const check = await kitchen.sh(`booty check cat.yaml --as ${nameless}`);
  assert.equal(check.status, 0, check.stderr);
});
