import { define } from '../definition.js';
import { nameIsPathSegment } from '../meta/names.js';
import { eventRow, validateEvent } from '../shared/events.js';
import type { Event } from '../types/core-v1.gen.js';

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

export default define<Event>({
  group: '',
  version: 'v1',
  resource: 'events',
  ownMetadataChecks: { change: false, whole: false },
  plainFinalizers: true,
  createOnUpdate: true,
  // events own nothing
  defaultPropagation: 'Unsupported',
  validateName: nameIsPathSegment,
  selectableFields: [...OBJECT_FIELDS.map((field) => `involvedObject.${field}`), 'reason', 'reportingComponent', 'source', 'type'],
  fields: ({ involvedObject, reason = '', reportingComponent = '', source, type = '' }) => ({
    ...Object.fromEntries(OBJECT_FIELDS.map((field) => [`involvedObject.${field}`, involvedObject[field] ?? ''])),
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
