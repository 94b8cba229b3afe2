import assert from 'node:assert/strict';

const [small, large] = [512 * 1024, 4 * 1024 * 1024];

/**
 * Does the work for a text of half a megabyte and for one of eight times its length. Eight times the length takes eight
 * times the time; what grows with the square takes sixty-four times as long. Of this thread alone, the best of some rounds:
 * machines are busy with other things.
 */
export function assertLinear(prepare: (length: number) => () => void): void {
  const timeOf = (length: number, rounds: number): number => {
    const work = prepare(length);
    let best = Infinity;
    for (let round = 0; round < rounds; round += 1) {
      const before = process.threadCpuUsage();
      work();
      const { user, system } = process.threadCpuUsage(before);
      best = Math.min(best, (user + system) / 1000);
    }
    return best;
  };
  const [few, many] = [timeOf(small, 5), timeOf(large, 3)];
  assert.ok(many < Math.max(24 * few, 100), `${few} ms of processor time, and for eight times the text ${many} ms`);
  assert.ok(many < 5000, `${many} ms for 4 MiB`);
}
