import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { Finding } from './finding.ts';
import { localShelf } from './local-templates.ts';
import type { Place } from './place.ts';
import { brokenTemplates } from './template-health.ts';

/** Templates run for whoever may use them: a broken one is refused, and all of it told here. */
export function checkTemplates(place: Place): Finding[] {
  const subject = place.paths.templates;
  const shelf = localShelf(place);
  try {
    const names = shelf.names();
    const broken = brokenTemplates(shelf).flatMap(({ name, refusals }) =>
      refusals.map(
        ({ line, message, hint }): Finding => ({
          level: 'error',
          subject: `${join(subject, `${name}.yaml`)}${line === undefined ? '' : `:${line}`}`,
          message,
          hint,
        }),
      ),
    );
    const strangers = names.length === 0 && !existsSync(subject) ? [] : shelf.strangers();
    return [
      ...broken,
      ...strangers.map(
        (name): Finding => ({
          level: 'warning',
          subject: join(subject, name),
          message: 'is not looked at',
          hint: 'a template is named NAME.yaml, NAME of letters, digits, _ and -',
        }),
      ),
      ...(broken.length === 0
        ? [
            {
              level: 'ok',
              subject,
              message: `${names.length} ${names.length === 1 ? 'template' : 'templates'}`,
            } as const,
          ]
        : []),
    ];
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return [
      { level: 'warning', subject, message: `cannot be read by this user (${code})`, hint: `chmod go+rx ${subject}` },
    ];
  }
}

/** What a policy says that cannot be meant. */
export function checkPolicy(place: Place): Finding[] {
  const { policy } = place.config;
  const known = new Set(localShelf(place).names());
  const named = new Set([...(policy.templates?.keys() ?? []), ...[...policy.secrets.values()].flat()]);
  const missing = [...named].filter((name) => !known.has(name));
  const findings: Finding[] = missing.map((name) => ({
    level: 'warning',
    subject: 'policy',
    message: `there is no template ${name}`,
    hint: `put ${name}.yaml into ${place.paths.templates}`,
  }));
  if (policy.secrets.size > 0 && policy.inline === 'allow')
    findings.push({
      level: 'warning',
      subject: 'policy',
      message: 'policy.inline lets everybody run what they like, as the user that jobs with secrets run as',
      hint: 'a job can read the environment of another of the same user: policy.inline: deny, or name who may',
    });
  return findings;
}
