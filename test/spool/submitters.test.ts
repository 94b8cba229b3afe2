import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { findUser } from '../../src/native/accounts.ts';
import { accountOfUser, nameless, Submitters } from '../../src/spool/submitters.ts';

const ask = (...args: readonly string[]): string =>
  execFileSync(args[0] ?? '', args.slice(1), { encoding: 'utf8' }).trim();
/** Of the user database, as getent(1) tells it: at most so many. */
const users = ask('getent', 'passwd')
  .split('\n')
  .slice(0, 40)
  .map((line) => line.split(':'))
  .map(([name = '', , uid]) => ({ name, uid: Number(uid) }));

void test('who an owner is, and which groups he is in, is what id(1) says', async () => {
  const submitters = new Submitters();
  assert.ok(users.length > 3);
  for (const { name, uid } of users) {
    const account = await submitters.accountOf(uid);
    assert.equal(account.flaw, null);
    const first = users.find((user) => user.uid === uid);
    assert.equal(account.user, first?.name);
    assert.equal((await findUser(name))?.uid, uid);
    const groups = ask('id', '-G', name).split(' ').map(Number);
    assert.deepEqual(new Set(account.groups.map(({ gid }) => gid)), new Set(groups), name);
    const names = ask('id', '-Gn', name).split(' ').sort();
    assert.deepEqual(account.groups.map((group) => group.name ?? String(group.gid)).sort(), names, name);
  }
});

void test('an owner whom no user database knows is in no group', async () => {
  const submitters = new Submitters();
  assert.deepEqual(await submitters.accountOf(4_000_000_000), nameless);
  assert.deepEqual(await submitters.accountOf(54_321), nameless);
  assert.equal(await findUser('no such user'), null);
  assert.equal(await findUser(''), null);
});

void test('a user of many groups is in all of them', async () => {
  const root = await findUser('root');
  assert.ok(root);
  assert.deepEqual((await accountOfUser(root)).groups[0], { gid: 0, name: 'root' });
});
