import { readEnvFile } from '../config/env-file.ts';
import type { KnownNames } from '../config/policy.ts';
import { Admission } from '../supervise/admission.ts';
import { jobSecretsOf, namesFor } from './job-secrets.ts';
import { localShelf, ownerOf, supervisorUid } from './local-templates.ts';
import type { Place } from './place.ts';

/** Decides as the supervisor here would, as far as this user may look at what it looks at. */
export function localAdmission(place: Place): Admission {
  const ownUid = supervisorUid(place);
  return new Admission({
    enforceable: null,
    units: null,
    templates: localShelf(place),
    secrets: knownSecrets(place, ownUid),
    ownUid,
  });
}

function knownSecrets({ paths }: Place, ownUid: number): KnownNames {
  const read = readEnvFile(paths.secrets);
  return read.kind === 'failed'
    ? { names: null, areOwn: ownerOf(paths.secrets) === ownUid }
    : namesFor(jobSecretsOf(read), ownUid);
}
