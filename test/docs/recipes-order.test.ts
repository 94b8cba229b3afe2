import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll } from '../harness/waiting.ts';
import { Kitchen } from './kitchen.ts';
import { Page } from './page.ts';

const concurrency = 'concurrency: { pipeline: 6 }\n';
/** A program that tells when it begins and ends, and does not end before it may. */
const gated =
  'echo "begin $*" >>"$HERE/log"\nuntil [ -e "$HERE/go-$1" ]; do sleep 0.02; done\necho "end $*" >>"$HERE/log"';

/** A deployment of that version. */
const deployment = (kitchen: Kitchen, target: string, version: string): string =>
  kitchen
    .job('deploy.yaml')
    .replaceAll('web1', target)
    .replaceAll('1.4.2', version)
    .replace('1-4-2', version.replaceAll('.', '-'));

void test('docs/recipes/deploy.md: one at a time for a target, and only the newest waits', async () => {
  await using kitchen = await Kitchen.open(new Page('docs/recipes/deploy.md'), { config: concurrency });
  await kitchen.standIn('deploy-app', gated);
  const deploy = (target: string, version: string): Promise<void> =>
    kitchen.supervisor.drop(`${target}-${version}.yaml`, deployment(kitchen, target, version));
  await kitchen.put('deploy.yaml', kitchen.job('deploy.yaml'));
  assert.equal((await kitchen.sh(kitchen.lines())).stdout, 'deploy-web1-1-4-2\n');
  await kitchen.told('log', /begin web1 1\.4\.2/);
  await deploy('web1', '1.4.3');
  await kitchen.supervisor.line({ kind: 'job.accepted', id: 'deploy-web1-1-4-3' });
  await deploy('web1', '1.4.4');
  await deploy('web2', '1.4.2');
  assert.equal((await kitchen.outcome('deploy-web1-1-4-3')).outcome, 'cancelled');
  await kitchen.told('log', /begin web2/);
  await kitchen.root.write('srv/go-web1', '');
  await kitchen.root.write('srv/go-web2', '');
  for (const id of ['deploy-web1-1-4-2', 'deploy-web1-1-4-4', 'deploy-web2-1-4-2'])
    assert.equal((await kitchen.outcome(id)).outcome, 'succeeded');
  const log = (await kitchen.told('log', /end web1 1\.4\.4/)).split('\n').filter((line) => line.includes('web1'));
  assert.deepEqual(log, ['begin web1 1.4.2', 'end web1 1.4.2', 'begin web1 1.4.4', 'end web1 1.4.4']);
});

void test('docs/recipes/deploy.md: after one that failed the next starts, unless the group is paused; and it may be run again', async () => {
  await using kitchen = await Kitchen.open(new Page('docs/recipes/deploy.md'), { config: concurrency });
  await kitchen.standIn('deploy-app', `test "$2" != 1.4.2 -o -e "$HERE/mended"`);
  await kitchen.supervisor.drop('deploy.yaml', kitchen.job('deploy.yaml'));
  assert.equal((await kitchen.outcome('deploy-web1-1-4-2')).outcome, 'crashed');
  assert.equal((await kitchen.sh('booty pause --group deploy/web1')).status, 0);
  await kitchen.supervisor.drop('next.yaml', deployment(kitchen, 'web1', '1.4.3'));
  await kitchen.supervisor.line({ kind: 'job.accepted', id: 'deploy-web1-1-4-3' });
  assert.equal((await kitchen.supervisor.run({ id: 'beside', run: 'true' })).outcome, 'succeeded');
  assert.equal(kitchen.root.outcome('deploy-web1-1-4-3'), null);
  assert.equal((await kitchen.sh('booty resume --group deploy/web1')).status, 0);
  assert.equal((await kitchen.outcome('deploy-web1-1-4-3')).outcome, 'succeeded');
  await kitchen.root.write('srv/mended', '');
  const again = await kitchen.sh('booty retry deploy-web1-1-4-2');
  assert.equal(again.stdout, 'deploy-web1-1-4-2.2\n', again.stderr);
  assert.equal((await kitchen.outcome('deploy-web1-1-4-2.2')).outcome, 'succeeded');
});

async function openFan(): Promise<Kitchen> {
  const kitchen = await Kitchen.open(new Page('docs/recipes/fan-out.md'), { config: concurrency });
  for (const name of ['count.yaml', 'total.yaml']) await kitchen.put(name);
  await kitchen.root.write('srv/sales/north.csv', '1\n2\n3\n');
  await kitchen.root.write('srv/sales/south.csv', '1\n');
  return kitchen;
}

void test('docs/recipes/fan-out.md: the total is made once all parts are', async () => {
  await using kitchen = await openFan();
  await kitchen.root.write('srv/sales/west.csv', '1\n2\n');
  const { status, stdout, stderr } = await kitchen.sh(kitchen.lines());
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'count-north\ncount-south\ncount-west\ntotal\n');
  const { outcome, outputs } = await kitchen.outcome('total');
  assert.deepEqual([outcome, outputs], ['succeeded', { rows: '6' }]);
});

void test('docs/recipes/fan-out.md: without one of them it is skipped, and says which', async () => {
  await using kitchen = await openFan();
  await kitchen.sh(kitchen.lines());
  const { outcome, reason, attempts } = await kitchen.outcome('total');
  assert.deepEqual([outcome, reason, attempts], ['skipped', 'it needs count-west, which crashed', []]);
  assert.equal((await kitchen.outcome('count-north')).outcome, 'succeeded');
});

void test('docs/recipes/gpu.md: one job at a time has the device, the more important first; a timeout frees it', async () => {
  await using kitchen = await Kitchen.open(new Page('docs/recipes/gpu.md'), { config: concurrency });
  await kitchen.standIn('train-model', `echo "begin train $CUDA_VISIBLE_DEVICES" >>"$HERE/log"\nsleep 60`);
  await kitchen.standIn('run-inference', 'echo "begin infer" >>"$HERE/log"');
  await kitchen.put('train.yaml', kitchen.job('train.yaml', { timeout: '4s' }));
  await kitchen.put('infer.yaml', kitchen.job('infer.yaml'));
  const [first = '', second = ''] = kitchen.lines().trim().split('\n');
  assert.equal((await kitchen.sh(first)).stdout, 'train\n');
  await kitchen.told('log', /begin train 0/);
  await kitchen.supervisor.drop('later.yaml', kitchen.job('train.yaml', { id: 'later', command: ['true'] }));
  await kitchen.supervisor.line({ kind: 'job.accepted', id: 'later' });
  await kitchen.sh(second);
  assert.equal((await kitchen.supervisor.run({ id: 'beside', run: 'true' })).outcome, 'succeeded');
  assert.equal(kitchen.root.outcome('infer'), null);
  const { outcome, cause } = await kitchen.outcome('train');
  assert.deepEqual([outcome, cause], ['crashed', 'timeout']);
  assert.equal((await kitchen.outcome('infer')).outcome, 'succeeded');
  assert.equal((await kitchen.outcome('later')).outcome, 'succeeded');
  const ended = kitchen.supervisor.linesOf({ kind: 'job.ended' }).map(({ fields }) => fields.id);
  assert.deepEqual(
    ended.filter((id) => id !== 'beside'),
    ['train', 'infer', 'later'],
  );
});

void test('docs/recipes/import.md: every file is one import, once, and a bad one holds up no other', async () => {
  await using kitchen = await Kitchen.open(new Page('docs/recipes/import.md'), { config: concurrency });
  await kitchen.standIn('import-csv', `grep -q good "$1" || test -e "$HERE/mended"`);
  // Jobs of commands have the PATH of the machine.
  const script = kitchen.file('import-inbox').replace('import-csv', kitchen.root.in('bin/import-csv'));
  await kitchen.put('import-inbox', script.replace(':-/srv/inbox', `:-${kitchen.root.in('srv/inbox')}`));
  const put = (name: string, content: string): Promise<void> => kitchen.root.write(`srv/inbox/${name}`, content);
  await put('a.csv', 'good 1\n');
  await put('b c.csv', 'bad\n');
  await put('d.csv', 'good 2\n');
  const { status, stdout, stderr } = await kitchen.sh(kitchen.lines());
  assert.equal(status, 0, stderr);
  const ids = stdout.trim().split('\n');
  const outcomes = await Promise.all(ids.map(async (id) => (await kitchen.outcome(id)).outcome));
  assert.deepEqual(outcomes, ['succeeded', 'crashed', 'succeeded']);
  assert.deepEqual(kitchen.root.names('srv/inbox'), ['taken']);
  const crashed = await kitchen.sh('booty list --name import --state crashed --json');
  assert.deepEqual(
    (JSON.parse(crashed.stdout) as { readonly id: string }[]).map(({ id }) => id),
    [ids[1]],
  );
  await put('again.csv', 'good 1\n');
  await kitchen.sh(kitchen.lines());
  await kitchen.supervisor.line({ kind: 'job.refused', code: 'DUPLICATE_ID' });
  await kitchen.root.write('srv/mended', '');
  const again = (await kitchen.sh(`booty retry ${ids[1]}`)).stdout.trim();
  assert.equal((await kitchen.outcome(again)).outcome, 'succeeded');
});

void test('docs/recipes/nightly.md: each night drops a job of its own, not beside last night’s', async (t) => {
  await using kitchen = await Kitchen.open(new Page('docs/recipes/nightly.md'), { config: concurrency });
  const gate = kitchen.root.in('srv/go');
  const slow = kitchen.job('cleanup.yaml', { run: `until [ -e ${gate} ]; do sleep 0.02; done` });
  await kitchen.root.write('etc/recurring/cleanup.yaml', slow);
  const drop = async (): Promise<string> => (await kitchen.sh('booty schedule drop cleanup')).stdout.trim();
  const [first, second] = [await drop(), await drop()];
  assert.match(first, /^cleanup-\d{8}T\d{6}-\w{6}$/);
  const { outcome, name } = await kitchen.outcome(second);
  assert.deepEqual([outcome, name], ['skipped', 'cleanup']);
  await kitchen.root.write('srv/go', '');
  assert.equal((await kitchen.outcome(first)).outcome, 'succeeded');
  // As the page has it, without anything of ours.
  await kitchen.sh('mkdir -p srv');
  await kitchen.root.write('srv/scratch/new', '');
  await kitchen.root.write('srv/scratch/old', '');
  await kitchen.sh(`touch -d '10 days ago' ${kitchen.root.in('srv/scratch/old')}`);
  await kitchen.root.write('etc/recurring/cleanup.yaml', kitchen.file('cleanup.yaml'));
  const third = await drop();
  assert.equal((await kitchen.outcome(third)).outcome, 'succeeded');
  assert.deepEqual(kitchen.root.names('srv/scratch'), ['new']);
  await kitchen.put('cleanup.yaml');
  if ((await kitchen.sh('command -v systemd-analyze')).status !== 0) {
    t.diagnostic('SYSTEM: no systemd-analyze here: booty schedule add is not tried');
    return;
  }
  const { status, stdout, stderr } = await kitchen.sh(`unset BOOTY_ROOT; ${kitchen.lines()}`);
  assert.equal(status, 0, stderr);
  assert.match(stdout + stderr, /\/etc\/booty\/recurring\/cleanup\.yaml/);
});

void test('docs/recipes/nightly.md: what a stopped supervisor missed for too long is cancelled', async () => {
  await using kitchen = await Kitchen.open(new Page('docs/recipes/nightly.md'));
  await kitchen.supervisor.run({ id: 'busy', run: 'true' });
  const late = kitchen.job('cleanup.yaml', { id: 'late', notBefore: '10m', expires: '300ms' });
  await kitchen.supervisor.drop('late.yaml', late);
  await poll('its end', () => kitchen.root.outcome('late'));
  assert.equal((await kitchen.outcome('late')).outcome, 'cancelled');
});
