import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { describeEvent } from '../../src/journal/line.ts';
import { messageIds } from '../../src/journal/message-ids.ts';
import { eventRecord, jobFields, lineHead } from '../../src/journal/record.ts';
import { eventsWith } from './events.ts';

/** Field and value, in the order of the record. */
const pairsOf = (record: string): [string, string][] => {
  assert.ok(record.endsWith('\n'));
  return record
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    });
};
const plain = eventsWith('nightly');

void test('a job that crashed is a record with every field that people ask for', () => {
  assert.deepEqual(Object.fromEntries(pairsOf(eventRecord(plain['job.ended'], null))), {
    MESSAGE_ID: messageIds['job.ended'],
    PRIORITY: '3',
    SYSLOG_IDENTIFIER: 'booty',
    BOOTY_EVENT: 'job.ended',
    BOOTY_JOB_ID: 'nightly',
    BOOTY_JOB_NAME: 'nightly',
    BOOTY_KIND: 'pipeline',
    BOOTY_OUTCOME: 'crashed',
    BOOTY_CAUSE: 'exit-code',
    BOOTY_REASON: 'nightly',
    BOOTY_STEP: 'nightly',
    BOOTY_EXIT_CODE: '3',
    BOOTY_ATTEMPT: '1',
    BOOTY_DURATION_MS: '5',
    SENTRY_EVENT_ID: 'e'.repeat(32),
    BOOTY_CAPTURE: 'captured',
    MESSAGE: describeEvent(plain['job.ended']),
  });
});

void test('what is known of a job stands in records that do not say it themselves', () => {
  const job = jobFields({ name: 'nightly backup', kind: 'pipeline', tags: { team: 'data', 'a.b-c': 'x' } });
  const fields = Object.fromEntries(pairsOf(eventRecord(plain['crash.captured'], job)));
  assert.deepEqual(
    [fields.BOOTY_JOB_NAME, fields.BOOTY_KIND, fields.BOOTY_TAG_TEAM, fields.BOOTY_TAG_A_B_C, fields.SENTRY_EVENT_ID],
    ['nightly backup', 'pipeline', 'data', 'x', 'e'.repeat(32)],
  );
});

void test('each field stands once, and the message last', () => {
  const job = jobFields({ name: 'other', kind: 'verifier', tags: {} });
  for (const event of Object.values(plain)) {
    const names = pairsOf(eventRecord(event, job)).map(([name]) => name);
    assert.equal(new Set(names).size, names.length, names.join());
    assert.equal(names.at(-1), 'MESSAGE');
    for (const name of names) assert.match(name, /^[A-Z][A-Z0-9_]{0,63}$/);
  }
});

const nasty = fc.oneof(
  fc.string({ unit: fc.nat(0x2ffff).map((point) => String.fromCodePoint(point)), maxLength: 60 }),
  fc.constantFrom('a\nPRIORITY=0\nMESSAGE=forged', '\n', '\0', 'a\rb', '\u2028', '=', '\n_UID=0', '\ud83d'),
);

void test('no text of a job makes a field of its own', () => {
  const namesOf = (text: string) =>
    Object.values(eventsWith(text)).map((event) => pairsOf(eventRecord(event, null)).map(([name]) => name));
  const expected = namesOf('x');
  fc.assert(
    fc.property(
      nasty.filter((text) => text !== ''),
      (text) => assert.deepEqual(namesOf(text), expected),
    ),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(nasty, nasty, (name, value) => {
      const fields = { ...jobFields({ name, kind: 'pipeline', tags: { a: value } }), BOOTY_STEP: value };
      const names = pairsOf(`${lineHead(fields, 6)}text\n`).map(([field]) => field);
      const wanted = 'PRIORITY SYSLOG_IDENTIFIER BOOTY_JOB_NAME BOOTY_KIND BOOTY_TAG_A BOOTY_STEP MESSAGE';
      assert.deepEqual(names, wanted.split(' '));
    }),
    { numRuns: 200 },
  );
});

void test('whoever names a job after a service does not speak as that service', () => {
  const head = lineHead(jobFields({ name: 'sshd', kind: 'pipeline', tags: {} }), 6);
  assert.match(head, /^SYSLOG_IDENTIFIER=booty\/sshd$/m);
});

void test('a record stays far below what a socket takes', () => {
  for (const event of Object.values(eventsWith('ä'.repeat(100_000))))
    assert.ok(Buffer.byteLength(eventRecord(event, null)) < 50_000, event.kind);
});

// The catalogue

interface Entry {
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  readonly raw: string;
}
const catalogue = readFileSync(join(import.meta.dirname, '../../systemd/booty.catalog'), 'utf8');
const entries: readonly Entry[] = catalogue
  .split(/^-- /m)
  .slice(1)
  .map((raw) => {
    const [head = '', ...text] = raw.split(/\n\n/);
    const subject = /^Subject: (.+)$/m.exec(head)?.[1] ?? '';
    return { id: head.slice(0, 32), subject, text: text.join('\n\n').trim(), raw: head };
  });

void test('every kind of event has a message id of its own, and the catalogue explains each of them and no other', () => {
  const ids = Object.values(messageIds);
  assert.equal(new Set(ids).size, ids.length);
  // As systemd-id128 makes them: random ones of version 4.
  for (const id of ids) assert.match(id, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  assert.deepEqual(entries.map(({ id }) => id).sort(), [...ids].sort());
  assert.deepEqual(new Set(Object.keys(messageIds)), new Set(Object.keys(plain)));
});

void test('an entry of the catalogue has a subject, says what to do, and names no field that its records do not have', () => {
  for (const [kind, event] of Object.entries(plain)) {
    const entry = entries.find(({ id }) => id === messageIds[event.kind]);
    assert.ok(entry, kind);
    assert.match(entry.raw, /\nSubject: [^\n]{5,}\nDefined-By: Booty$/, kind);
    assert.ok(entry.text.length > 40 && !/[^\n]{81}/.test(entry.text), `${kind}: ${entry.text}`);
    const known = new Set(pairsOf(eventRecord(event, null)).map(([name]) => name));
    for (const [, field = ''] of `${entry.subject}\n${entry.text}`.matchAll(/@([A-Z_]+)@/g))
      assert.ok(known.has(field), `${kind}: @${field}@`);
  }
});
