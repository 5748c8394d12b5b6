// What a pod names in its namespace: a kubelet may read it, a mirror pod may not name it.
import type { Pod, Volume } from '../../types/core-v1.gen.js';
import { placedContainers } from './visit.js';
import { at } from '../../meta/field-errors.js';

/** Any of the sources that a volume may have, as far as they name secrets alike. */
interface SecretSource {
  readonly secretName?: string | undefined;
  readonly secretRef?: { readonly name?: string | undefined } | undefined;
  readonly nodePublishSecretRef?: { readonly name?: string | undefined } | undefined;
}

/** The secrets that images are pulled with and that containers and volumes take values from. */
export function secretNames({ spec }: Pod): string[] {
  return present([
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...environments(spec).flatMap(({ envFrom, env }) => [
      ...(envFrom ?? []).map(({ secretRef }) => secretRef?.name),
      ...(env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ]),
    ...(spec.volumes ?? []).flatMap((volume) => [
      ...sourcesOf(volume).flatMap((source) => [source.secretName, source.secretRef?.name, source.nodePublishSecretRef?.name]),
      ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
    ]),
  ]);
}

/** The config maps that containers and volumes take values from. */
export function configMapNames({ spec }: Pod): string[] {
  return present([
    ...environments(spec).flatMap(({ envFrom, env }) => [
      ...(envFrom ?? []).map(({ configMapRef }) => configMapRef?.name),
      ...(env ?? []).map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ]),
    ...(spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ]);
}

/** The claims of its volumes, those made for the pod alone among them. */
export function volumeClaimNames(pod: Pod): string[] {
  return present((pod.spec.volumes ?? []).map((volume) => volumeClaimName(pod, volume)));
}

/** The claim behind a volume; undefined: there is none. */
export function volumeClaimName({ metadata }: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  return persistentVolumeClaim ? persistentVolumeClaim.claimName : ephemeral && `${metadata.name}-${name}`;
}

/** The claims of devices that it uses; of those made from templates the ones that are there. */
export function resourceClaimNames({ spec, status }: Pod): string[] {
  const made = status?.resourceClaimStatuses ?? [];
  return present([
    ...(spec.resourceClaims ?? []).map(
      ({ name, resourceClaimName }) => resourceClaimName ?? made.find((claim) => claim.name === name)?.resourceClaimName,
    ),
    status?.extendedResourceClaimStatus?.resourceClaimName,
  ]);
}

function environments(spec: Pod['spec']) {
  return placedContainers(spec, at('spec')).map(({ container }) => container);
}

function sourcesOf(volume: Volume): SecretSource[] {
  return Object.values(volume).filter((source): source is SecretSource => typeof source === 'object' && source !== null);
}

function present(names: readonly (string | undefined)[]): string[] {
  return names.filter((name): name is string => name !== undefined && name !== '');
}

/** What a pod names that only the API has, in upstream's words: mirror pods may not. @returns undefined: nothing */
export function apiReference(pod: Pod): string | undefined {
  const { spec } = pod;
  if (spec.serviceAccountName) return 'serviceaccounts';
  if (secretNames(pod).length > 0) return 'secrets';
  if (configMapNames(pod).length > 0) return 'configmaps';
  if (spec.resourceClaims?.length) return 'resourceclaims';
  for (const volume of spec.volumes ?? []) {
    const referenced = volumeReference(volume);
    if (referenced) return referenced;
  }
  return undefined;
}

function volumeReference(volume: Volume): string | undefined {
  if (volume.configMap) return 'configmaps (via configmap volumes)';
  if (volume.secret) return 'secrets (via secret volumes)';
  if (volume.csi) return 'csidrivers (via CSI volumes)';
  if (volume.glusterfs) return 'endpoints (via glusterFS volumes)';
  if (volume.persistentVolumeClaim) return 'persistentvolumeclaims';
  if (volume.ephemeral) return 'persistentvolumeclaims (via ephemeral volumes)';
  if (volume.azureFile) return 'secrets (via azureFile volumes)';
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap) return 'configmaps (via projected volumes)';
    if (source.secret) return 'secrets (via projected volumes)';
    if (source.serviceAccountToken) return 'serviceaccounts (via projected volumes)';
    if (source.clusterTrustBundle) return 'clustertrustbundles';
    if (source.podCertificate) return 'podcertificates';
  }
  return undefined;
}
