import type { Access, Policy } from '../config/policy.ts';
import { findGroupId, findUser } from '../native/accounts.ts';
import type { Finding } from './finding.ts';
import type { Place } from './place.ts';

/** Names in the policy that this machine does not know: whoever is meant is refused. Numbers need no name. */
export async function checkPeople({ config }: Place): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [subject, access] of accessesOf(config.policy)) {
    if (typeof access === 'string') continue;
    for (const name of access.users.filter(isName))
      if ((await findUser(name)) === null) findings.push(unknown(subject, `user ${name}`, `getent passwd ${name}`));
    for (const name of access.groups.filter(isName))
      if ((await findGroupId(name)) === null) findings.push(unknown(subject, `group ${name}`, `getent group ${name}`));
  }
  return findings;
}

const accessesOf = ({ inline, templates }: Policy): readonly (readonly [subject: string, access: Access])[] => [
  ['policy.inline', inline],
  ...Array.from(templates ?? [], ([name, access]) => [`policy.templates.${name}`, access] as const),
];

const isName = (text: string): boolean => !/^\d+$/.test(text);

const unknown = (subject: string, who: string, question: string): Finding => ({
  level: 'warning',
  subject,
  message: `this machine knows no ${who}`,
  hint: `correct the name; ${question} tells whether it is known`,
});
