import type { EnvFileRead } from '../config/env-file.ts';
import type { KnownNames } from '../config/policy.ts';

/** What jobs can be given of secrets.env. */
export interface JobSecrets {
  readonly values: ReadonlyMap<string, string>;
  /** Whose file it is; null: it is not there, or came through a pipe. */
  readonly ownerUid: number | null;
}

/** Everything but Booty's own settings, the DSN above all. */
export const jobSecretsOf = (read: EnvFileRead): JobSecrets =>
  read.kind === 'read'
    ? {
        values: new Map(Object.entries(read.file.values).filter(([name]) => !name.startsWith('SENTRY_'))),
        ownerUid: read.file.uid,
      }
    : { values: new Map(), ownerUid: null };

export const namesFor = ({ values, ownerUid }: JobSecrets, ownUid: number): KnownNames => ({
  names: new Set(values.keys()),
  areOwn: ownerUid === ownUid,
});
