import { define } from '../definition.js';
import { semanticEqual } from '../meta/metadata.js';
import { age, containerCells, formatLabelSelector, formatLabels } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import type { DaemonSet } from '../types/apps-v1.gen.js';

/** A counter of the template's changes that older versions of the API had as a field. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

export default define<DaemonSet>({
  group: 'apps',
  version: 'v1',
  resource: 'daemonsets',
  generation: true,
  defaults(daemonSet) {
    const { spec } = daemonSet;
    setTemplateGeneration(daemonSet, templateGeneration(daemonSet));
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
  },
  prepareCreate: (daemonSet) => setTemplateGeneration(daemonSet, Math.max(templateGeneration(daemonSet), 1)),
  prepareUpdate(daemonSet, old, { subresource }) {
    const changed = subresource === '' && !semanticEqual(daemonSet.spec.template, old.spec.template);
    setTemplateGeneration(daemonSet, templateGeneration(old) + (changed ? 1 : 0));
  },
  row({ metadata, spec, status }, { now }) {
    return [
      metadata.name,
      status.desiredNumberScheduled,
      status.currentNumberScheduled,
      status.numberReady,
      status.updatedNumberScheduled ?? 0,
      status.numberAvailable ?? 0,
      formatLabels(spec.template.spec?.nodeSelector),
      age({ metadata }, now),
      ...containerCells(spec.template.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
});

function templateGeneration({ metadata }: DaemonSet): number {
  return Number.parseInt(metadata.annotations?.[TEMPLATE_GENERATION] ?? '0', 10) || 0;
}

function setTemplateGeneration({ metadata }: DaemonSet, value: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(value) };
}
