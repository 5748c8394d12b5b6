import { MOUNTABLE_SECRETS_ANNOTATION } from '../api/meta/well-known.js';
import type { Container, EphemeralContainer, Pod, ServiceAccount } from '../api/types/core-v1.gen.js';

/** What Go's strconv.ParseBool takes for true. */
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];

/** Whether pods of an account may use those secrets only that it names. */
export function limitsSecrets({ metadata }: ServiceAccount): boolean {
  return TRUE.includes(metadata.annotations?.[MOUNTABLE_SECRETS_ANNOTATION] ?? '');
}

/** What a new pod uses though its account does not name it, in upstream's words; undefined: nothing. */
export function foreignSecret({ spec }: Pod, account: ServiceAccount): string | undefined {
  const { name } = account.metadata;
  const mountable = namesOf(account.secrets);
  const pullable = namesOf(account.imagePullSecrets);
  const volume = spec.volumes?.find(({ secret }) => secret && !mountable.has(secret.secretName ?? ''));
  if (volume)
    return `volume with secret.secretName="${volume.secret?.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`;
  const found =
    foreignVariable(spec.initContainers, 'init container', mountable) ?? foreignVariable(spec.containers, 'container', mountable);
  if (found !== undefined) return `${found} is not allowed because service account ${name} does not reference that secret`;
  const pulled = spec.imagePullSecrets?.findIndex((secret) => !pullable.has(secret.name ?? '')) ?? -1;
  if (pulled < 0) return undefined;
  return `imagePullSecrets[${pulled}].name="${spec.imagePullSecrets?.[pulled]?.name ?? ''}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}

/** The same of the ephemeral containers of a pod. */
export function foreignEphemeralSecret({ spec }: Pod, account: ServiceAccount): string | undefined {
  const found = foreignVariable(spec.ephemeralContainers, 'ephemeral container', namesOf(account.secrets));
  return found && `${found} is not allowed because service account ${account.metadata.name} does not reference that secret`;
}

function namesOf(references: readonly { readonly name?: string | undefined }[] = []): Set<string> {
  return new Set(references.map(({ name }) => name ?? ''));
}

function foreignVariable(
  containers: readonly (Container | EphemeralContainer)[] = [],
  kind: string,
  mountable: ReadonlySet<string>,
): string | undefined {
  for (const { name, env = [], envFrom = [] } of containers) {
    for (const { name: variable, valueFrom } of env) {
      const secret = valueFrom?.secretKeyRef;
      if (secret && !mountable.has(secret.name ?? ''))
        return `${kind} ${name} with envVar ${variable} referencing secret.secretName="${secret.name ?? ''}"`;
    }
    for (const { secretRef } of envFrom)
      if (secretRef && !mountable.has(secretRef.name ?? ''))
        return `${kind} ${name} with envFrom referencing secret.secretName="${secretRef.name ?? ''}"`;
  }
  return undefined;
}
