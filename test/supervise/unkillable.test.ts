import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { asUser, giveTo, nobody, rootOnly } from './another-user.ts';

/** Whose real user is root: nobody may not kill it, as nobody can kill what hangs in the kernel. */
async function makeRoot(config: string): Promise<{ readonly root: Root; readonly asRoot: string }> {
  const root = await Root.make({ config });
  giveTo(root, nobody);
  const asRoot = root.in('as-root');
  copyFileSync('/usr/bin/setpriv', asRoot);
  chmodSync(asRoot, 0o4755);
  return { root, asRoot: `${asRoot} --reuid=0 --clear-groups` };
}

for (const end of ['kill', 'stop'] as const) {
  void test(`an attempt whose processes survive a ${end} is not run again before they are gone`, rootOnly, async () => {
    const { root, asRoot } = await makeRoot('drain: { limit: 100ms }\ndefaults: { killGrace: 100ms }\n');
    await using _root = root;
    const marks = root.in('lib/marks');
    await using first = await SupervisorProcess.start(root, { wrapper: asUser(nobody) });
    await first.drop(
      'stuck.yaml',
      `id: stuck\nrun: |
  echo "start $BOOTY_ATTEMPT" >> ${marks}
  if [ "$BOOTY_ATTEMPT" = 2 ]; then exit 0; fi
  ${asRoot} sh -c 'sleep 0.3; echo begun >> ${marks}; sleep 14; echo gone >> ${marks}' &
  sleep 60\n`,
    );
    await first.line({ kind: 'attempt.started', id: 'stuck' });
    await poll('its mark', () => readIfThere(marks).includes('begun') || null);
    await first[end]();
    await using second = await SupervisorProcess.start(root, { wrapper: asUser(nobody) });
    await second.line({ kind: 'attempt.unkillable', id: 'stuck', attempt: '1' });
    await second.line({ kind: 'trouble.began', where: 'processes' });
    await second.drop('other.yaml', 'id: other\nrun: "true"\n');
    assert.equal((await second.outcome('other')).outcome, 'succeeded', 'others go on');
    assert.equal((await second.outcome('stuck', 40_000)).outcome, 'succeeded');
    await second.line({ kind: 'trouble.ended', where: 'processes' });
    assert.equal(readFileSync(marks, 'utf8'), 'start 1\nbegun\ngone\nstart 2\n');
    assert.equal(second.linesOf({ kind: 'attempt.unkillable' }).length, 1);
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
