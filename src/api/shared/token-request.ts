import type { BoundObject, Context, ObjectKey, TokenIssue } from '../context.js';
import { badRequest, conflict, invalid as invalidObject, notFound, notImplemented } from '../meta/errors.js';
import { at, type FieldError, invalid } from '../meta/field-errors.js';
import { checkKeyName } from '../meta/key-name.js';
import type { KubeObject, ObjectMeta } from '../meta/object.js';
import { nodes, pods, secrets, serviceaccounts } from '../meta/resources.gen.js';
import type { TokenRequest } from '../types/authentication-v1.gen.js';

const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' } as const;
const HOUR = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** A token that names no lifetime is good for an hour. */
export function defaultTokenRequest(body: KubeObject): void {
  (body as TokenRequest).spec.expirationSeconds ??= HOUR;
}

/**
 * POST to a ServiceAccount's `token`: a signed token of the account (KEP-1205).
 * @throws ApiError NotFound, Invalid, BadRequest or Conflict as the request deserves; NotImplemented where no issuer is set up
 */
export async function requestToken(context: Context, { namespace, name }: ObjectKey, body: KubeObject): Promise<TokenRequest> {
  const request = body as TokenRequest;
  const { metadata } = request;
  const { reader, tokenIssuer, clock } = context.services;
  if (metadata.name && metadata.name !== name)
    throw invalidObject(KIND, name, [invalid(at('metadata', 'name'), metadata.name, 'must match the service account name if specified')]);
  if (metadata.namespace && metadata.namespace !== namespace)
    throw invalidObject(KIND, name, [
      invalid(at('metadata', 'namespace'), metadata.namespace, 'must match the service account namespace if specified'),
    ]);
  const account = reader.get(serviceaccounts, namespace, name);
  if (!account) throw notFound(serviceaccounts, name);
  const { uid } = account.metadata;
  if (metadata.uid && metadata.uid !== uid)
    throw conflict(
      { group: KIND.group, resource: KIND.kind },
      name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`,
    );
  const now = clock.now();
  const { boundObjectRef } = request.spec;
  const expirationSeconds = request.spec.expirationSeconds ?? HOUR;
  const errors = validateLifetime(expirationSeconds);
  if (errors.length > 0) throw invalidObject(KIND, '', errors);
  const bound = boundTo(request, name, namespace, context);
  if (!tokenIssuer) throw notImplemented('signing of service account tokens without a signing key');
  const audiences = request.spec.audiences?.length ? request.spec.audiences : [...tokenIssuer.audiences];
  const token = await tokenIssuer.issue({
    namespace,
    serviceAccount: { name, uid },
    ...bound,
    audiences,
    expirationSeconds,
  });
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: inOrder({ ...metadata, name, namespace, uid, creationTimestamp: seconds(now) }),
    spec: { audiences, expirationSeconds, boundObjectRef },
    status: { token, expirationTimestamp: seconds(now + expirationSeconds * 1000) },
  };
}

/** What the account fills in stands where Go writes it, before everything but a prefix for names. */
function inOrder({ name, generateName, namespace, selfLink, uid, resourceVersion, generation, ...rest }: ObjectMeta): ObjectMeta {
  const { creationTimestamp, ...others } = rest;
  return { name, generateName, namespace, selfLink, uid, resourceVersion, generation, creationTimestamp, ...others };
}

function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function validateLifetime(value: number): FieldError[] {
  const path = at('spec', 'expirationSeconds');
  if (value < MIN_SECONDS) return [invalid(path, value, 'may not specify a duration less than 10 minutes')];
  if (value > MAX_SECONDS) return [invalid(path, value, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

/** The object that the token shall not outlive. */
function boundTo(
  { spec }: TokenRequest,
  account: string,
  namespace: string,
  { services }: Context,
): Pick<TokenIssue, 'pod' | 'secret' | 'node'> {
  const ref = spec.boundObjectRef;
  if (!ref) return {};
  const name = ref.name ?? '';
  const [group, version] = splitVersion(ref.apiVersion ?? '');
  const kind = group === '' ? ref.kind : undefined;
  switch (kind) {
    case 'Pod': {
      checkKeyName(name);
      const pod = services.reader.get(pods, namespace, name);
      if (!pod) throw notFound(pods, name);
      if (pod.spec.serviceAccountName !== account)
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
        );
      const { nodeName } = pod.spec;
      const node = nodeName ? { name: nodeName, uid: services.reader.get(nodes, '', nodeName)?.metadata.uid } : undefined;
      return { pod: checked(pod, ref), node };
    }
    case 'Secret': {
      checkKeyName(name);
      const secret = services.reader.get(secrets, namespace, name);
      if (!secret) throw notFound(secrets, name);
      return { secret: checked(secret, ref) };
    }
    case 'Node': {
      checkKeyName(name);
      const node = services.reader.get(nodes, '', name);
      if (!node) throw notFound(nodes, name);
      return { node: checked(node, ref) };
    }
    default:
      throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${ref.kind ?? ''}`);
  }
}

function checked({ metadata: { name, uid } }: KubeObject, ref: { uid?: string | undefined; kind?: string | undefined }): BoundObject {
  if (ref.uid && ref.uid !== uid)
    throw conflict(
      { group: '', resource: ref.kind ?? '' },
      name,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return { name, uid };
}

function splitVersion(apiVersion: string): [string, string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
