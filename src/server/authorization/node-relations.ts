import { configMapNames, resourceClaimNames, secretNames, volumeClaimNames } from '../../api/shared/pod/references.js';
import type { Reader } from '../../api/context.js';
import { persistentvolumes, pods, resourceslices, volumeattachments } from '../../api/meta/resources.gen.js';
import { MIRROR_ANNOTATION } from '../../api/meta/well-known.js';
import type { PersistentVolume, Pod } from '../../api/types/core-v1.gen.js';

/** Objects that a node may have to do with. */
export type RelatedKind =
  | 'configmap'
  | 'persistentvolume'
  | 'persistentvolumeclaim'
  | 'pod'
  | 'resourceclaim'
  | 'resourceslice'
  | 'secret'
  | 'serviceaccount'
  | 'volumeattachment';

/**
 * Whether an object belongs to a node: it is bound to the node, or a pod there names it, or a volume of such a pod does. Upstream
 * keeps a graph of this; here the objects themselves are asked, so that nothing is kept and no write pays.
 */
export function isRelated(reader: Reader, node: string, kind: RelatedKind, namespace: string, name: string): boolean {
  const namedBy = (names: (pod: Pod) => readonly string[]): boolean =>
    reader.list(pods, namespace, { 'spec.nodeName': node }).some((pod) => !isMirror(pod) && names(pod).includes(name));
  switch (kind) {
    case 'pod':
      return reader.get(pods, namespace, name)?.spec.nodeName === node;
    case 'volumeattachment':
      return reader.get(volumeattachments, '', name)?.spec.nodeName === node;
    case 'resourceslice':
      return reader.get(resourceslices, '', name)?.spec.nodeName === node;
    case 'configmap':
      return namedBy(configMapNames);
    case 'serviceaccount':
      return namedBy(({ spec }) => (spec.serviceAccountName ? [spec.serviceAccountName] : []));
    case 'persistentvolumeclaim':
      return namedBy(volumeClaimNames);
    case 'resourceclaim':
      return namedBy(resourceClaimNames);
    case 'persistentvolume':
      return isUsed(reader, node, reader.get(persistentvolumes, '', name));
    case 'secret':
      return (
        namedBy(secretNames) ||
        reader.list(persistentvolumes).some((volume) => namesSecret(volume, namespace, name) && isUsed(reader, node, volume))
      );
  }
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}

/** A pod of the node has the claim that the volume is bound to. */
function isUsed(reader: Reader, node: string, volume: PersistentVolume | undefined): boolean {
  const { namespace, name } = volume?.spec.claimRef ?? {};
  return !!namespace && !!name && isRelated(reader, node, 'persistentvolumeclaim', namespace, name);
}

interface SecretReference {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** Any of the sources of a volume, as far as a kubelet needs the secrets they name. */
interface VolumeSource {
  readonly secretName?: string | undefined;
  readonly secretNamespace?: string | undefined;
  readonly secretRef?: SecretReference | undefined;
  readonly nodePublishSecretRef?: SecretReference | undefined;
  readonly nodeStageSecretRef?: SecretReference | undefined;
  readonly nodeExpandSecretRef?: SecretReference | undefined;
}

function namesSecret({ spec }: PersistentVolume, namespace: string, name: string): boolean {
  return Object.values(spec)
    .filter((source): source is VolumeSource => typeof source === 'object' && source !== null)
    .flatMap((source) => [
      { name: source.secretName, namespace: source.secretNamespace },
      source.secretRef,
      source.nodePublishSecretRef,
      source.nodeStageSecretRef,
      source.nodeExpandSecretRef,
    ])
    .some((secret) => secret?.name === name && (secret.namespace || spec.claimRef?.namespace) === namespace);
}
