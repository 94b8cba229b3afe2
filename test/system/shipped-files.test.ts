import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { resolvePaths } from '../../src/config/paths.ts';
import { parseJobFile } from '../../src/job/parse.ts';

const etc = resolve(import.meta.dirname, '../../etc');

void test('booty.yaml as it is shipped changes nothing, and every key in it stands at its default', () => {
  const shipped = readFileSync(join(etc, 'booty.yaml'), 'utf8');
  assert.deepEqual(readConfig(Buffer.from(shipped)), readConfig(null));
  // A commented key: `# name: value`, `# name:`, or one of those indented.
  const uncommented = shipped.replaceAll(/^# ( *[A-Za-z]+:(?: .*)?)$/gm, '$1');
  const read = readConfig(Buffer.from(uncommented));
  assert.deepEqual(read.problems, [], uncommented);
  assert.deepEqual(read.config, readConfig(null).config);
  assert.deepEqual(resolvePaths({}, {}, read.paths), resolvePaths({}, {}, {}));
  const keys = [...uncommented.matchAll(/^ *([A-Za-z]+):/gm)].length;
  assert.ok(keys >= 20, `only ${keys} keys were found`);
});

void test('every example is a job that Booty accepts', () => {
  const names = readdirSync(join(etc, 'examples'));
  assert.ok(names.length >= 3);
  for (const fileName of names) {
    const path = join(etc, 'examples', fileName);
    const executable = (statSync(path).mode & 0o111) !== 0;
    const parsed = parseJobFile(
      { fileName, content: readFileSync(path), executable },
      readConfig(null).config.defaults,
    );
    assert.ok(parsed.ok, `${fileName}: ${JSON.stringify(parsed)}`);
  }
});
