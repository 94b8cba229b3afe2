import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderEvent } from '../../src/crash/render.ts';

const frame = { function: 'load', filename: 'a.py', lineno: 7 };

void test('an event as people read it: what happened, and whose it was', () => {
  const event = {
    level: 'error',
    platform: 'python',
    timestamp: Date.UTC(2026, 10, 24, 2) / 1000,
    release: 'shop@1.4.2',
    tags: { job_id: 'n-1', cause: 'exit-code' },
    contexts: { job: { show: 'booty show n-1', pipeline_id: null }, runtime: { name: 'python', version: '3.11' } },
    breadcrumbs: [{ timestamp: Date.UTC(2026, 10, 24, 1, 59) / 1000, category: 'job', message: 'accepted' }],
    exception: {
      values: [
        { type: 'KeyError', value: "'id'", stacktrace: { frames: [frame] } },
        {
          type: 'ValueError',
          value: 'bad row\nof two lines',
          stacktrace: {
            frames: [{ ...frame, pre_context: ['def load():'], context_line: '    fail()', post_context: [''] }],
          },
        },
      ],
    },
  } as const;
  assert.equal(
    renderEvent(structuredClone(event) as never, [{ fileName: 'stderr.txt', bytes: 2048 }]),
    [
      'ValueError: bad row',
      'error, python 3.11, 2026-11-24T02:00:00.000Z, shop@1.4.2, grouped by its stack',
      '',
      "KeyError: 'id'",
      '  a.py:7 in load',
      '',
      'then ValueError: bad row',
      '  a.py:7 in load',
      '      def load():',
      '    >     fail()',
      '      ',
      '',
      'tags',
      '  job_id  n-1',
      '  cause   exit-code',
      '',
      'job',
      '  show  booty show n-1',
      '',
      'before it',
      '  01:59:00.000 job      accepted',
      '',
      'attached',
      '  stderr.txt (2K)',
    ].join('\n'),
  );
});

void test('what a program has said cannot speak to the terminal', () => {
  const evil = '\u001b[2Jgone\u0007';
  const text = renderEvent({
    exception: {
      values: [
        { type: evil, value: evil, stacktrace: { frames: [{ function: evil, filename: evil, context_line: evil }] } },
      ],
    },
    tags: { [evil]: evil },
    breadcrumbs: [{ category: evil, message: evil }],
    fingerprint: [evil],
  });
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  assert.match(text, /gone/);
});

void test('an event without anything is told as such', () => {
  assert.match(renderEvent({}), /^an event without an exception\n/);
});
