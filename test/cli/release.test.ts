import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runBooty } from '../harness/program.ts';
import { Root } from '../harness/root.ts';

/** Made up, in the shapes that vendors give theirs. */
const letters = 'abcdefghijklmnopqrstuvwxyz';
const credentials = [
  `https://${'0123456789abcdef'.repeat(2)}@o1.ingest.sentry.io/2`,
  `AKIA${letters.slice(0, 16).toUpperCase()}`,
  `ghp_${letters}0123456789`,
  `github_pat_${letters}`,
  `glpat-${letters}`,
  `xoxb-123456789012-${letters}`,
  `sk-ant-api03-${letters}`,
  `sk_live_${letters}`,
  `npm_${letters}0123456789`,
  `pypi-AgEI${letters}`,
  `AIza${letters}ABCDEFGHI`,
  `eyJ${letters}.eyJ${letters}.${letters}`,
  `sntrys_eyJ${letters}`,
  `hf_${letters}ABCDEFGH`,
  `dckr_pat_${letters}`,
  `dop_v1_${'0123456789abcdef'.repeat(4)}`,
  `SG.${letters.slice(0, 22)}.${letters}0123456789ABCDEFG`,
  `vercel_${letters}`,
];

for (const credential of credentials) {
  void test(`booty release refuses ${credential.slice(0, 10)}…, does not repeat it, and writes nothing`, async () => {
    await using root = await Root.make();
    for (const args of [
      ['--', credential],
      ['--environment', credential, '1f3c9a2'],
    ]) {
      const { status, stdout, stderr } = await runBooty(['release', '--root', root.path, ...args]);
      assert.equal(status, 1, `accepted: ${stdout}`);
      assert.doesNotMatch(stderr + stdout, new RegExp(credential.slice(4).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')));
    }
    assert.deepEqual(readdirSync(root.in('etc')), []);
  });
}

void test('booty release writes the commit that is named, whole, in place of the last', async () => {
  await using root = await Root.make({ release: 'SENTRY_RELEASE=old\n' });
  const commit = '1f3c9a2b'.repeat(5);
  assert.equal((await root.booty('release', commit, '--environment', 'staging')).status, 0);
  const text = readFileSync(root.in('etc/release.env'), 'utf8');
  assert.match(text, new RegExp(`^SENTRY_RELEASE=${commit}$`, 'm'));
  assert.match(text, /^SENTRY_ENVIRONMENT=staging$/m);
  assert.deepEqual(readdirSync(root.in('etc')), ['release.env']);
});

void test('booty release refuses what would be a line of its own, or an option', async () => {
  await using root = await Root.make();
  for (const name of ['x\nSENTRY_DSN=y', '', '-x', 'a b', '../x', 'x'.repeat(201)])
    assert.equal((await runBooty(['release', '--root', root.path, '--', name])).status, 1, JSON.stringify(name));
  assert.equal(existsSync(root.in('etc/release.env')), false);
});

void test('booty release refuses a credential as the environment too', async () => {
  await using root = await Root.make();
  assert.equal((await root.booty('release', '1f3c9a2', '--environment', `ghp_${letters}0123456789`)).status, 1);
  assert.deepEqual(readdirSync(root.in('etc')), []);
});

void test('booty release where no commit is checked out says what to do', async () => {
  await using root = await Root.make();
  const { status, stderr } = await runBooty(['release', '--root', root.path], { env: { GIT_DIR: root.in('nowhere') } });
  assert.equal(status, 1);
  assert.match(stderr, /booty release COMMIT/);
});
