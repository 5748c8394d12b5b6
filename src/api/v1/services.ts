import { define } from '../definition.js';
import { nameIsDNSLabel } from '../meta/names.js';
import { age, formatLabels } from '../shared/format.js';
import { loadBalancerWarnings } from '../shared/load-balancer.js';
import type { Service } from '../types/core-v1.gen.js';
import { allocate, release } from './service-allocation.js';
import { serviceWarnings, validateLoadBalancerStatus, validateServiceChange } from './service-changes.js';
import { dropTypeDependent, setDefaults } from './service-shape.js';
import { TRAFFIC_POLICIES, validateService } from './service-validation.js';

export default define<Service>({
  group: '',
  version: 'v1',
  resource: 'services',
  shownAs: 'services/specs',
  ownMetadataChecks: { whole: false },
  validateName: nameIsDNSLabel,
  createOnUpdate: true,
  returnDeletedObject: true,
  selectableFields: ['spec.clusterIP', 'spec.type'],
  fields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
  subresources: {
    status: { validate: validateLoadBalancerStatus, warnings: loadBalancerWarnings },
    proxy: { connect: 'tunnel' },
  },
  defaults: setDefaults,
  begin: allocate,
  afterDelete: release,
  prepare: dropUnused,
  prepareCreate: (service) => {
    service.status = { loadBalancer: {} };
  },
  prepareUpdate: dropTypeDependent,
  validate: (service) => validateService(service, undefined),
  validateUpdate: (service, old) => [...validateServiceChange(service, old), ...validateService(service, old)],
  warnings: serviceWarnings,
  row: (service, { now }) => {
    const { type, clusterIPs, ports = [], selector } = service.spec;
    const portTexts = ports.map((p) => `${p.port}${p.nodePort ? `:${p.nodePort}` : ''}/${p.protocol}`);
    return [
      service.metadata.name,
      type,
      clusterIPs?.[0] ?? '<none>',
      externalAddresses(service),
      portTexts.join(',') || '<none>',
      age(service, now),
      formatLabels(selector),
    ];
  },
});

/** Upstream gave ExternalName services an internalTrafficPolicy by mistake, and hides it since; one that is none is refused. */
function dropUnused({ spec }: Service): void {
  if (spec.type === 'ExternalName' && TRAFFIC_POLICIES.includes(spec.internalTrafficPolicy ?? '')) spec.internalTrafficPolicy = undefined;
}

function externalAddresses({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ExternalName':
      return spec.externalName ?? '';
    case 'LoadBalancer': {
      const given = new Set((status.loadBalancer?.ingress ?? []).flatMap((point) => point.ip || point.hostname || []));
      return [...[...given].sort(), ...own].join(',') || '<pending>';
    }
    default:
      return own.join(',') || '<none>';
  }
}
