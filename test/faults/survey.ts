import { crashAt, type Kill, type Verdict } from './crash-points.ts';

/** What came of many deaths. */
export interface Survey {
  readonly runs: number;
  /** By kind of point: how often a supervisor died there. */
  readonly deaths: ReadonlyMap<string, number>;
  /** Supervisors that came to their end before the point. */
  readonly missed: number;
  /** Each with the death that it follows, so that it can be repeated. */
  readonly flaws: readonly string[];
}

/** Runs the plans, a few at a time. */
export async function survey(
  plans: readonly (readonly Kill[])[],
  atOnce: number,
  onDone: (done: number, verdict: Verdict) => void = () => undefined,
): Promise<Survey> {
  const deaths = new Map<string, number>();
  const flaws: string[] = [];
  let [missed, next, done] = [0, 0, 0];
  const work = async (): Promise<void> => {
    for (let plan = plans[next++]; plan; plan = plans[next++]) {
      const verdict = await crashAt(plan);
      for (const death of verdict.deaths) {
        if (death === null) missed += 1;
        else deaths.set(death, (deaths.get(death) ?? 0) + 1);
      }
      flaws.push(...verdict.flaws.map((flaw) => `${tell(plan, verdict)}: ${flaw.split('\n', 1)[0]}`));
      onDone((done += 1), verdict);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { runs: plans.length, deaths, missed, flaws };
}

const tell = (plan: readonly Kill[], { deaths }: Verdict): string =>
  plan.map(({ moment, aim }, index) => `killed ${moment} ${deaths[index] ?? 'nothing'} (${aim.only})`).join(', then ');
