import { define } from '../definition.js';
import { at } from '../meta/field-errors.js';
import { semanticEqual } from '../meta/metadata.js';
import { containerCells, formatLabels } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { validatePodTemplate } from '../shared/pod/template.js';
import { templateWarnings } from '../shared/pod/warnings.js';
import type { PodTemplate } from '../types/core-v1.gen.js';

export default define<PodTemplate>({
  group: '',
  version: 'v1',
  resource: 'podtemplates',
  ownMetadataChecks: { whole: false },
  returnDeletedObject: true,
  generation: true,
  defaults: ({ template }) => defaultPodTemplate(template),
  prepare: ({ template }) => dropDisabledFields(template.spec),
  validate: ({ template }, { services }) => validatePodTemplate(template, at('template'), services.settings),
  warnings: ({ metadata, template }, old) =>
    old && old.metadata.generation === metadata.generation ? [] : templateWarnings(template, at('template')),
  specChanged: (object, old) => !semanticEqual(object.template, old.template),
  row: ({ metadata, template }) => [metadata.name, ...containerCells(template.spec?.containers), formatLabels(template.metadata?.labels)],
});
