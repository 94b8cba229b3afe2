import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineJob, defineVerifier, type JobContext } from 'booty';
import { z } from 'zod';

/*
 * What the type check accepts and refuses of modules. The lines that it is to refuse say so; where one of them were
 * accepted, tsc would fail.
 */

const schema = z.object({ table: z.string(), rows: z.coerce.number() });

/** As the host makes one. */
const context: JobContext = Object.freeze({
  id: 'a',
  name: 'a',
  kind: 'pipeline',
  attempt: 1,
  step: 'main',
  workdir: '/',
  with: { table: 'prices', rows: '3' },
  outputs: {},
  needs: {},
  output: () => undefined,
  get signal(): AbortSignal {
    return assert.fail('nobody has asked for a signal');
  },
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
});

void test('a function gets what its schema makes of the input, and nobody asks for the signal for it', () => {
  let seen: unknown;
  const job = defineJob({ input: schema, run: ({ with: input }) => void (seen = input) });
  job(context);
  assert.deepEqual(seen, { rows: 3, table: 'prices' });
  defineJob({
    input: schema,
    run: (it) => {
      const rows: number = it.with.rows;
      // @ts-expect-error: rows is a number
      const table: string = it.with.rows;
      // @ts-expect-error: the schema has no such key
      void [rows, table, it.with.column];
      // @ts-expect-error: only verifiers reject
      void it.reject;
      // @ts-expect-error: the context is not for writing
      it.id = 'b';
    },
  });
});

void test('without a schema the input is unknown', () => {
  defineJob((job) => {
    // @ts-expect-error: nobody has said what it is
    void job.with.table;
    job.output('rows', 3);
    // @ts-expect-error: an output is one line of text
    job.output('rows', { a: 1 });
  });
});

void test('what a function returns is no output, and no verdict', () => {
  // @ts-expect-error: a promise of something is a mistake
  defineJob(async () => Promise.resolve(5));
  // @ts-expect-error: so is a verdict that is returned
  defineVerifier(async () => Promise.resolve(false));
  defineVerifier((job) => {
    const outputs: Readonly<Record<string, string>> | undefined = job.pipeline?.outputs;
    if (outputs?.rows === '0') job.reject('no rows');
  });
  assert.ok(true);
});

void test('a verifier’s function says where it belongs', () => {
  const verifier = defineVerifier(() => undefined);
  // @ts-expect-error: it is no step of a pipeline
  assert.throws(() => verifier(context), /this function is a verifier/);
});
