// What a kubelet may do: what it needs for its own node and the pods there (the documentation's "Using Node Authorization"). What
// the name of an object does not tell is left to the admission plug-in NodeRestriction.
import type { AuthorizationAttributes, Authorizer, Decision, Reader } from '../../api/context.js';
import { fact } from '../../api/facts.js';
import { parseFieldSelector } from '../../api/meta/selectors.js';
import { nodeIdentity } from '../../api/shared/node-identity.js';
import type { ClusterRole, PolicyRule } from '../../api/types/rbac-v1.gen.js';
import { isRelated, type RelatedKind } from './node-relations.js';
import { allows } from './rbac.js';

const LEASE_NAMESPACE = 'kube-node-lease';
const ALLOWED: Decision = { decision: 'allow', reason: '' };
const NO_OPINION: Decision = { decision: 'no-opinion', reason: '' };

function refuse(reason: string): Decision {
  return { decision: 'no-opinion', reason };
}

/** What a rule is asked: the request of a node. */
interface Question {
  readonly node: string;
  readonly attributes: AuthorizationAttributes;
  readonly reader: Reader;
}

/** Allows nodes what they need (--authorization-mode=Node); has no opinion on anybody else. @param reader where pods and volumes are */
export function nodeAuthorizer(reader: Reader): Authorizer {
  let rules: readonly PolicyRule[] | undefined;
  return {
    authorize(attributes) {
      const node = nodeIdentity(attributes.user);
      if (node === undefined) return NO_OPINION;
      if (node === '') return refuse(`unknown node for user ${JSON.stringify(attributes.user.username)}`);
      const rule = attributes.path === undefined ? RULES[`${attributes.group}/${attributes.resource}`] : undefined;
      if (rule) return rule({ node, attributes, reader });
      rules ??= nodeRules();
      return rules.some((r) => allows(r, attributes)) ? ALLOWED : NO_OPINION;
    },
    rulesFor: (user) => ({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: nodeIdentity(user) !== undefined,
      ...(nodeIdentity(user) !== undefined && { error: 'node authorizer does not support user rule resolution' }),
    }),
  };
}

/** The rights that all nodes have alike: those of the bootstrap role system:node, whatever has become of the role. */
function nodeRules(): readonly PolicyRule[] {
  const roles = fact<Record<string, ClusterRole[]>>('bootstrap-objects')['/apis/rbac.authorization.k8s.io/v1/clusterroles'];
  return roles?.find(({ metadata }) => metadata.name === 'system:node')?.rules ?? [];
}

/** Resources of which a node may not have all alike. */
const RULES: Readonly<Record<string, (question: Question) => Decision>> = {
  '/secrets': (question) => readable(question, 'secret'),
  '/configmaps': (question) => readable(question, 'configmap'),
  '/persistentvolumeclaims': (question) =>
    question.attributes.subresource === 'status' ? claimStatus(question) : gettable(question, 'persistentvolumeclaim'),
  '/persistentvolumes': (question) => gettable(question, 'persistentvolume'),
  'resource.k8s.io/resourceclaims': (question) => gettable(question, 'resourceclaim'),
  'storage.k8s.io/volumeattachments': (question) => gettable(question, 'volumeattachment'),
  '/serviceaccounts': serviceAccount,
  'coordination.k8s.io/leases': lease,
  'storage.k8s.io/csinodes': csiNode,
  'resource.k8s.io/resourceslices': resourceSlice,
  '/nodes': nodeObject,
  '/pods': pod,
  // its gate is off
  'certificates.k8s.io/podcertificaterequests': () => NO_OPINION,
};

function related({ node, attributes, reader }: Question, kind: RelatedKind): Decision {
  const { namespace, name } = attributes;
  if (name === '') return refuse('No Object name found');
  return isRelated(reader, node, kind, namespace, name) ? ALLOWED : refuse(`no relationship found between node '${node}' and this object`);
}

function readable(question: Question, kind: RelatedKind): Decision {
  const { verb, subresource, namespace } = question.attributes;
  if (!['get', 'list', 'watch'].includes(verb)) return refuse('can only read resources of this type');
  if (subresource !== '') return refuse('cannot read subresource');
  if (namespace === '') return refuse('can only read namespaced object of this type');
  return related(question, kind);
}

function gettable(question: Question, kind: RelatedKind): Decision {
  const { verb, subresource } = question.attributes;
  if (verb !== 'get') return refuse('can only get individual resources of this type');
  if (subresource !== '') return refuse('cannot get subresource');
  return related(question, kind);
}

function claimStatus(question: Question): Decision {
  if (!['update', 'patch'].includes(question.attributes.verb)) return refuse('can only get/update/patch this type');
  return related(question, 'persistentvolumeclaim');
}

function serviceAccount(question: Question): Decision {
  const { verb, subresource, name } = question.attributes;
  if (verb === 'get' && subresource === '') return readable(question, 'serviceaccount');
  if (verb !== 'create' || name === '') return refuse('can only create tokens for individual service accounts');
  if (subresource !== 'token') return refuse('can only create token subresource of serviceaccount');
  return related(question, 'serviceaccount');
}

const OWN_VERBS = ['get', 'create', 'update', 'patch', 'delete'];

function lease({ node, attributes: { verb, namespace, name } }: Question): Decision {
  if (!OWN_VERBS.includes(verb)) return refuse('can only get, create, update, patch, or delete a node lease');
  if (namespace !== LEASE_NAMESPACE) return refuse(`can only access leases in the ${JSON.stringify(LEASE_NAMESPACE)} system namespace`);
  // the name of what is created is not known here
  if (verb !== 'create' && name !== node) return refuse('can only access node lease with the same name as the requesting node');
  return ALLOWED;
}

function csiNode({ node, attributes: { verb, subresource, name } }: Question): Decision {
  if (!OWN_VERBS.includes(verb)) return refuse('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return refuse('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node) return refuse('can only access CSINode with the same name as the requesting node');
  return ALLOWED;
}

function resourceSlice(question: Question): Decision {
  const { verb, subresource } = question.attributes;
  if (subresource !== '') return refuse('cannot authorize ResourceSlice subresources');
  switch (verb) {
    case 'create':
      return ALLOWED;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related(question, 'resourceslice');
    case 'watch':
    case 'list':
    case 'deletecollection':
      return selectsOwn(question) ? ALLOWED : refuse('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return refuse(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
}

function nodeObject({ node, attributes: { verb, subresource, name } }: Question): Decision {
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? ALLOWED : NO_OPINION;
  if (subresource !== '') return NO_OPINION;
  if (['create', 'update', 'patch'].includes(verb)) return ALLOWED;
  if (!['get', 'list', 'watch'].includes(verb)) return NO_OPINION;
  // also before there is such a node
  if (name === node) return ALLOWED;
  return refuse(
    name === ''
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  );
}

function pod(question: Question): Decision {
  const { verb, subresource, name } = question.attributes;
  switch (subresource) {
    case '':
      if (verb === 'get') return gettable(question, 'pod');
      if (verb === 'create' || verb === 'delete') return ALLOWED;
      if (verb !== 'list' && verb !== 'watch') return NO_OPINION;
      if (selectsOwn(question)) return ALLOWED;
      return name === '' ? refuse('can only list/watch pods with spec.nodeName field selector') : related(question, 'pod');
    case 'status':
      return ['update', 'patch'].includes(verb) ? ALLOWED : NO_OPINION;
    case 'eviction':
      return verb === 'create' ? ALLOWED : NO_OPINION;
    default:
      return NO_OPINION;
  }
}

/** Whether the request is limited to what is bound to the node. */
function selectsOwn({ node, attributes: { fieldSelector } }: Question): boolean {
  if (!fieldSelector) return false;
  try {
    return parseFieldSelector(fieldSelector).requirements.some(
      ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
    );
  } catch {
    // what cannot be read limits nothing, and is refused later
    return false;
  }
}
