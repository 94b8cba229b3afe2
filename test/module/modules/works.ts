import { writeFileSync } from 'node:fs';
import { defineJob } from 'booty';

interface Input {
  readonly table: string;
  readonly rows: number;
}

const input = {
  parse(value: unknown): Input {
    const { table, rows } = value as Partial<Input>;
    if (typeof table !== 'string' || typeof rows !== 'number') throw new RangeError('expected a table, and rows');
    return { table, rows };
  },
};

export default defineJob({
  input,
  run: (job) => {
    job.output('table', job.with.table);
    job.output('rows', job.with.rows + 1);
    const { id, name, kind, attempt, step, workdir, outputs } = job;
    const argv = process.argv.slice(1);
    const visible = Object.keys(process.env).filter((key) => key.includes('MODULE'));
    const told = { id, name, kind, attempt, step, workdir, outputs, argv, visible, cwd: process.cwd() };
    writeFileSync(process.env.TOLD ?? '', JSON.stringify(told));
  },
});
