import * as fc from 'fast-check';
import { testAcceptance } from './acceptance.ts';
import { testEnds } from './ends.ts';
import { checksOf, type OpenQueue } from './open-queue.ts';
import { commands, QueueModel } from './queue-model.ts';
import { testVerifiers } from './verifiers.ts';

/** What every queue owes its supervisors, whatever keeps it. */
export function testQueue(name: string, open: () => OpenQueue): void {
  const check = checksOf(name, open);
  testAcceptance(check);
  testEnds(check);
  testVerifiers(check);
  check('whatever happens in whatever order, no job is lost and each ends once', async () => {
    const sequence = fc.asyncProperty(commands, async (taken) => {
      await using opened = open();
      const model = new QueueModel(opened);
      for (const command of taken) await model.run(command);
      await model.conclude();
    });
    await fc.assert(sequence, { numRuns: 25 });
  });
}
