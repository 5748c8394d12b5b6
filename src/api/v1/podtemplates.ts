import { define } from '../definition.js';
import { semanticEqual } from '../meta/metadata.js';
import { containerCells, formatLabels } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import type { PodTemplate } from '../types/core-v1.gen.js';

export default define<PodTemplate>({
  group: '',
  version: 'v1',
  resource: 'podtemplates',
  generation: true,
  defaults: ({ template }) => defaultPodTemplate(template),
  specChanged: (object, old) => !semanticEqual(object.template, old.template),
  row: ({ metadata, template }) => [metadata.name, ...containerCells(template.spec?.containers), formatLabels(template.metadata?.labels)],
});
