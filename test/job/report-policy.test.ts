import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBelow } from '../../src/job/report-policy.ts';
import { refusals, specOf } from './parsing.ts';

const toldOf = (report: string) => refusals(`run: a\nreport: ${report}`)[0];

void test('an address is below a prefix at the end of a segment only, on the same scheme, host and port', () => {
  const prefix = 'https://hooks.example.com/services';
  for (const url of ['', '/', '/a', '/a/b?x=/../', '?x=1'])
    assert.ok(isBelow(`https://hooks.example.com/services${url}`, prefix), url);
  for (const url of [
    'https://hooks.example.com/services-evil',
    'https://hooks.example.com/servicesx/',
    'https://hooks.example.com/',
    'https://hooks.example.com/services/../admin',
    'https://hooks.example.com/services/%2e%2e/admin',
    'https://hooks.example.com/services/..%2fadmin',
    'https://hooks.example.com/services/..%5cadmin',
    'https://hooks.example.com/services/..;/admin',
    'https://hooks.example.com/services//evil.example',
    'https://hooks.example.com.evil.example/services/',
    'https://hooks.example.com@evil.example/services/',
    'https://evil.example/https://hooks.example.com/services/',
    'https://hooks.example.com:8443/services/',
    'http://hooks.example.com/services/',
    'https://HOOKS.example.org/services/',
    'file:///services/',
    'not an address',
  ])
    assert.ok(!isBelow(url, prefix), url);
  assert.ok(isBelow('https://HOOKS.EXAMPLE.com:443/services/x', prefix));
  assert.ok(isBelow('https://hooks.example.com/anything', 'https://hooks.example.com'));
});

void test('no address below a prefix leads elsewhere', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '%2e',
    '%2F',
    '/',
    '\\',
    '@',
    ':',
    '?',
    '#',
    'evil.example',
    'a',
    ';',
    '\t',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const address = `https://hooks.example.com/services${parts.join('')}`;
      if (!isBelow(address, 'https://hooks.example.com/services')) return;
      const url = new URL(address);
      assert.equal(url.host, 'hooks.example.com');
      assert.match(decodeURIComponent(url.pathname), /^\/services(?:\/|$)/);
      assert.ok(!/(?:^|[/\\;])\.\.(?:[/\\;]|$)/.test(decodeURIComponent(url.pathname)));
    }),
    { numRuns: 5000 },
  );
});

void test('one report needs no list, and tells of failures where it does not say of what', () => {
  const [report] = specOf('run: a\nreport: { webhook: https://hooks.example.com/services/x }').report;
  assert.deepEqual(report, {
    target: { kind: 'webhook', url: 'https://hooks.example.com/services/x', secret: null, timeoutMs: 15_000 },
    on: ['crashed', 'rejected'],
    askedBy: 'job',
  });
});

void test('what booty.yaml does not allow is refused with its place and what to do', () => {
  for (const [report, key, message, hint] of [
    [
      '{ webhook: https://evil.example/ }',
      'report.webhook',
      /not below any address of policy.webhooks/,
      /policy.webhooks/,
    ],
    ['[{ webhook: http://127.0.0.1:22/ }]', 'report[0].webhook', /policy.webhooks/, /booty.yaml/],
    [
      '[{ command: [notify] }, { github: "other/repo#1" }]',
      'report[1].github',
      /other\/repo is not in policy.github/,
      /other\/\*/,
    ],
    [
      '{ webhook: https://hooks.example.com/services/, secret: DB_PASSWORD }',
      'report.secret',
      /DB_PASSWORD is not in policy.reportSecrets/,
      /policy.reportSecrets/,
    ],
  ] as const) {
    const told = toldOf(report);
    assert.deepEqual([told?.code, told?.key, told?.line], ['POLICY', key, 2], report);
    assert.match(told?.message ?? '', message);
    assert.match(told?.hint ?? '', hint);
  }
  assert.ok(specOf('run: a\nreport: { github: "Acme/shop#1" }').report.length === 1);
  assert.ok(specOf('run: a\nreport: { github: "open/whatever#1" }').report.length === 1);
  assert.equal(toldOf('{ github: "opener/x#1" }')?.code, 'POLICY');
});

void test('a report that makes no sense is refused with what was expected', () => {
  for (const [report, key, message] of [
    ['{}', 'report', /expected one of webhook, command or github/],
    [
      '{ webhook: https://hooks.example.com/services, command: [a] }',
      'report',
      /only one of .* found webhook and command/,
    ],
    ['{ command: [a], secret: X }', 'report.secret', /only goes with webhook or github/],
    ['{ command: notify }', 'report.command', /expected a list: a program and its arguments/],
    ['{ webhook: hooks.example.com }', 'report.webhook', /expected an address/],
    ['{ webhook: ftp://hooks.example.com/ }', 'report.webhook', /expected an address/],
    ['{ webhook: https://u:p@hooks.example.com/services }', 'report.webhook', /must not hold a user or a password/],
    ['{ webhook: "https://hooks.example.com/services#x" }', 'report.webhook', /after a #/],
    ['{ webhook: "https://hooks.example.com/services/..%2f" }', 'report.webhook', /encoded/],
    ['{ github: acme/shop }', 'report.github', /such as owner\/repo#12/],
    ['{ github: "acme/..#1" }', 'report.github', /such as owner\/repo#12/],
    ['{ github: "acme/shop#0" }', 'report.github', /such as owner\/repo#12/],
    ['[{ command: [a], on: [crash] }]', 'report[0].on[0]', /expected one of succeeded, rejected/],
    ['{ command: [a], on: [] }', 'report.on', /at least one outcome/],
    ['{ command: [a], timeout: 6m }', 'report.timeout', /at most 5m/],
    ['crashed', 'report', /expected a report with webhook/],
    [`[${'{ command: [a] }, '.repeat(11)}]`, 'report', /at most 10 reports/],
  ] as const) {
    const told = toldOf(report);
    assert.deepEqual(
      [told?.code, told?.key, told?.line],
      ['INVALID_VALUE', key, 2],
      `${report} ${JSON.stringify(told)}`,
    );
    assert.match(told?.message ?? '', message);
  }
  const slip = toldOf('{ command: [a], secrt: X }');
  assert.deepEqual([slip?.code, slip?.key, slip?.hint], ['UNKNOWN_KEY', 'report.secrt', 'did you mean "secret"?']);
});
