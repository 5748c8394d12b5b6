import { define } from '../definition.js';
import { nameIsPathSegment } from '../meta/names.js';
import { eventRow, objectFields, objectSelectors, validateEvent } from '../shared/events.js';
import type { Event } from '../types/core-v1.gen.js';

export default define<Event>({
  group: '',
  version: 'v1',
  resource: 'events',
  ownMetadataChecks: { created: false, change: false, whole: false },
  plainFinalizers: true,
  createOnUpdate: true,
  uncached: true,
  // events own nothing
  defaultPropagation: 'Unsupported',
  validateName: nameIsPathSegment,
  selectableFields: [...objectSelectors('involvedObject'), 'reason', 'reportingComponent', 'source', 'type'],
  fields: ({ involvedObject, reason = '', reportingComponent = '', source, type = '' }) => ({
    ...objectFields('involvedObject', involvedObject),
    reason,
    reportingComponent,
    source: source?.component || reportingComponent,
    type,
  }),
  defaults: (event) => {
    event.source ??= {};
    // these two are always shown
    event.reportingComponent ??= '';
    event.reportingInstance ??= '';
  },
  validate: (event) => validateEvent(event, 'reportingComponent'),
  row: eventRow,
});
