import assert from 'node:assert/strict';
import { existsSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Redactor } from '../../src/redact/redactor.ts';
import { EmptyDirectories } from '../../src/run/empty-directories.ts';
import { makeWorkdir, placeOf } from '../../src/run/workdir.ts';
import type { Claim, Finish } from '../../src/schedule/queue.ts';
import { recover } from '../../src/supervise/recover.ts';
import { openLedger } from '../ledger/opened.ts';
import { acceptAll, claimOne } from '../schedule/jobs.ts';

void test('an attempt that begins as soon as the lost one is in the ledger keeps its files', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-recovered-'));
  await using opened = openLedger();
  await acceptAll(opened.queue, ['lost']);
  const claim = await claimOne(opened.queue);
  const directories = new EmptyDirectories(directory.path);
  const place = placeOf(directory.path, claim.job.id, null);
  makeWorkdir(place, directories);
  writeFileSync(join(place.workdir, 'old'), '');
  const ledger = await opened.restart();
  const [leftover] = ledger.leftovers();
  assert.ok(leftover);
  const next = join(place.workdir, 'new');
  const finish = async (lost: Claim, how: Finish) => {
    const finished = await ledger.finish(lost, how);
    // As a free slot does: what it claims shares the transaction in which the lost one ends.
    assert.equal((await claimOne(ledger)).attempt, 2);
    makeWorkdir(place, directories);
    writeFileSync(next, '');
    return finished;
  };
  const recovered = await recover(leftover, {
    capture: null,
    emit: () => undefined,
    keepers: { endSilent: () => Promise.resolve(true) },
    maxLost: 3,
    paths: { jobs: directory.path },
    queue: { finish },
    telemetry: { release: null, environment: 'test' },
    settings: { cgroups: null, units: null, directories, redactor: new Redactor() },
  });
  assert.equal(recovered.kind, 'waiting');
  assert.ok(existsSync(next), 'the next attempt’s file was removed');
  assert.ok(!existsSync(join(place.workdir, 'old')), 'the lost attempt’s file is there still');
});
