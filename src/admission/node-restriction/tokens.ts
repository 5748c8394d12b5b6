import type { AdmissionAttributes } from '../../api/admission.js';
import type { Reader } from '../../api/context.js';
import { goQuote } from '../../api/meta/quote.js';
import { csidrivers, persistentvolumeclaims, persistentvolumes, pods } from '../../api/meta/resources.gen.js';
import { volumeClaimName } from '../../api/shared/pod/references.js';
import type { TokenRequest } from '../../api/types/authentication-v1.gen.js';
import type { Pod, Volume } from '../../api/types/core-v1.gen.js';
import { absent, forbidden } from '../step.js';

/** Kinds of volumes of old, and the CSI drivers that serve them now. */
const MIGRATED: Readonly<Record<string, string>> = {
  awsElasticBlockStore: 'ebs.csi.aws.com',
  azureDisk: 'disk.csi.azure.com',
  azureFile: 'file.csi.azure.com',
  cinder: 'cinder.csi.openstack.org',
  gcePersistentDisk: 'pd.csi.storage.gke.io',
  portworxVolume: 'pxd.portworx.com',
  vsphereVolume: 'csi.vsphere.vmware.com',
};

/** A kubelet gets tokens for pods bound to its node, for whom these are meant to speak to. @throws ApiError to refuse */
export async function checkToken(node: string, attributes: AdmissionAttributes): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const { spec } = attributes.object as TokenRequest;
  const ref = spec.boundObjectRef;
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) throw forbidden(attributes, 'node requested token not bound to a pod');
  if (!ref.uid) throw forbidden(attributes, 'node requested token with a pod binding without a uid');
  const pod = attributes.context.services.reader.get(pods, attributes.namespace, ref.name);
  if (!pod) throw absent(pods, ref.name);
  if (ref.uid !== pod.metadata.uid)
    throw forbidden(
      attributes,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (pod.spec.nodeName !== node) throw forbidden(attributes, 'node requested token bound to a pod scheduled on a different node');
  const audiences = spec.audiences ?? [];
  if (audiences.length > 1) throw forbidden(attributes, 'node may only request 0 or 1 audiences');
  await checkAudience(audiences[0] ?? '', pod, attributes);
}

async function checkAudience(audience: string, pod: Pod, attributes: AdmissionAttributes): Promise<void> {
  const { context, namespace, name } = attributes;
  const { reader, authorizer } = context.services;
  const missing = new Set<string>();
  for (const volume of pod.spec.volumes ?? [])
    try {
      if (isMeantFor(audience, volume, pod, reader)) return;
    } catch (e) {
      if (!(e instanceof Error)) throw e;
      missing.add(e.message);
    }
  if (missing.size > 0) {
    const texts = [...missing].join(', ');
    throw forbidden(attributes, `error validating audience ${goQuote(audience)}: ${missing.size === 1 ? texts : `[${texts}]`}`);
  }
  const right = { verb: 'request-serviceaccounts-token-audience', group: '', version: 'v1', resource: audience, subresource: '' };
  const { decision } = await authorizer.authorize({ user: context.user, ...right, namespace, name });
  if (decision !== 'allow')
    throw forbidden(
      attributes,
      `audience ${goQuote(audience)} not found in pod spec volume, ${context.user.username} is not authorized to request tokens for this audience`,
    );
}

/** Whether a volume brings such a token, or is served by a driver that asks for one. @throws ApiError NotFound of what it leads to */
function isMeantFor(audience: string, volume: Volume, pod: Pod, reader: Reader): boolean {
  if (volume.projected?.sources?.some(({ serviceAccountToken: token }) => token && (token.audience ?? '') === audience)) return true;
  const driver = driverOf(volume, pod, reader);
  if (driver === undefined) return false;
  const found = reader.get(csidrivers, '', driver);
  if (!found) throw absent(csidrivers, driver);
  return found.spec.tokenRequests?.some((request) => request.audience === audience) ?? false;
}

function driverOf(volume: Volume, pod: Pod, reader: Reader): string | undefined {
  const claim = volumeClaimName(pod, volume);
  if (claim === undefined) return volume.csi?.driver ?? migrated(volume);
  const found = reader.get(persistentvolumeclaims, pod.metadata.namespace ?? '', claim);
  if (!found) throw absent(persistentvolumeclaims, claim);
  const { volumeName = '' } = found.spec;
  const bound = reader.get(persistentvolumes, '', volumeName);
  if (!bound) throw absent(persistentvolumes, volumeName);
  return bound.spec.csi?.driver ?? migrated(bound.spec);
}

function migrated(source: object): string | undefined {
  const kind = Object.entries(source).find(([name, value]) => value !== undefined && name in MIGRATED)?.[0];
  return kind === undefined ? undefined : MIGRATED[kind];
}
