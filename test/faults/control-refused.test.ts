import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, type Reply } from '../../src/control/client.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { testWithMounts } from './namespace.ts';
import { SmallDisk } from './small-disk.ts';

testWithMounts('commands while the disk of the ledger is full', import.meta.filename, () => {
  void test('what cannot be recorded is refused with its reason, and done once there is room', async () => {
    await using root = await Root.make();
    const disk = new SmallDisk(root.in('lib'));
    using _mount = { [Symbol.dispose]: () => disk.unmount() };
    await using supervisor = await SupervisorProcess.start(root);
    const socket = root.in('run/booty.sock');
    disk.fill('bytes');
    // What the ledger has room for already is still taken.
    let refused: Reply | null = null;
    for (let n = 0; n < 3000 && !refused; n += 1) {
      const reply = await ask(socket, 'POST', '/v1/pause', { group: `g${n}` });
      if (reply.status !== 200) refused = reply;
    }
    assert.equal(refused?.status, 503);
    assert.match((refused.body as { readonly message: string }).message, /^the ledger refuses: .*full/);
    const { status, stdout, stderr } = await root.booty('pause');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^booty: the ledger refuses: .*\n {2}nothing was changed; make room on its disk/);
    assert.equal((await ask(socket, 'GET', '/v1/status')).status, 200);
    disk.free();
    assert.equal((await root.booty('pause', '--kind', 'verifier')).status, 0);
    assert.equal((await supervisor.run({ id: 'later', run: 'true' })).outcome, 'succeeded');
    assert.deepEqual(supervisor.linesOf({ kind: 'control.failed' }), [], 'a full disk is no defect');
  });
});
