import type { Bell } from './bell.ts';
import type { Life } from './life.ts';
import type { Trigger } from './plan.ts';
import type { Tally } from './tally.ts';

/** A sign that does not come in this time, once the supervisor is ready, is not waited for. */
const signLimitMs = 700;
/** On a busy machine a start may take long. */
const startLimitMs = 5000;
const lookEveryMs = 50;

export interface Present {
  readonly bell: Bell;
  readonly life: Life;
  readonly tally: Tally;
}

/** Strikes within the very event that the trigger names, or when it did not come in time. Resolves once that is done. */
export function atMoment(trigger: Trigger, { bell, life, tally }: Present, blow: () => Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const go = (): unknown => blow().then(resolve, reject);
  if (trigger.kind === 'time') {
    setTimeout(go, trigger.afterMs);
    return promise;
  }
  const beganMs = performance.now();
  const ticks = setInterval(() => {
    const waitedMs = performance.now() - Math.max(beganMs, life.readyMs ?? 0);
    if (!life.isOver && waitedMs < (life.readyMs === null ? startLimitMs : signLimitMs)) return;
    clearInterval(ticks);
    bell.disarm();
    tally.countMoment(false);
    go();
  }, lookEveryMs);
  bell.arm(trigger.sign, trigger.nth, () => {
    clearInterval(ticks);
    tally.countMoment(true);
    if (trigger.afterMs === 0) go();
    else setTimeout(go, trigger.afterMs);
  });
  return promise;
}
