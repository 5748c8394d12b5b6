import { define } from '../definition.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { nameIsDNSLabel } from '../meta/names.js';
import { defaultClaimSpec } from '../shared/claim-spec.js';
import { age, containerCells } from '../shared/format.js';
import { defaultPodTemplate, roundQuantities } from '../shared/pod/defaults.js';
import { scaleSubresource } from '../shared/scale.js';
import type { StatefulSet, StatefulSetSpec } from '../types/apps-v1.gen.js';

export default define<StatefulSet>({
  group: 'apps',
  version: 'v1',
  resource: 'statefulsets',
  generation: true,
  validateName: nameIsDNSLabel,
  defaults({ spec }) {
    spec.podManagementPolicy ||= 'OrderedReady';
    defaultUpdateStrategy(spec);
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
    defaultClaimTemplates(spec);
  },
  row({ metadata, spec, status }, { now }) {
    const ready = `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    return [metadata.name, ready, age({ metadata }, now), ...containerCells(spec.template.spec?.containers)];
  },
  subresources: { scale: scaleSubresource({ group: 'apps', resource: 'statefulsets' }, (s) => labelSelectorText(s.spec.selector)) },
});

function defaultUpdateStrategy(spec: StatefulSetSpec): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type !== 'RollingUpdate' || !strategy.rollingUpdate) return;
  strategy.rollingUpdate.partition ??= 0;
  strategy.rollingUpdate.maxUnavailable ??= 1;
}

function defaultClaimTemplates(spec: StatefulSetSpec): void {
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
    defaultClaimSpec(claim.spec);
    roundQuantities(claim.spec.resources?.limits);
    roundQuantities(claim.spec.resources?.requests);
  }
}
