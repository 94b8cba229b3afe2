import type { Step } from '../job/job.ts';

/** The variables of secrets.env, in memory: from here they go into the environment of a child, and nowhere else. */
export type SecretValues = ReadonlyMap<string, string>;

/** What one step gets. The names that are not there are `missing`: secrets.env has changed since its job was accepted. */
export function secretsOfStep(
  job: { readonly secrets: readonly string[] },
  step: Pick<Step, 'secrets'>,
  values: SecretValues,
): { readonly env: Readonly<Record<string, string>>; readonly missing: readonly string[] } {
  const names = [...new Set([...job.secrets, ...step.secrets])];
  return {
    env: Object.fromEntries(names.flatMap((name) => (values.has(name) ? [[name, values.get(name) ?? '']] : []))),
    missing: names.filter((name) => !values.has(name)),
  };
}
