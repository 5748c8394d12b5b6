import { define } from '../definition.js';
import { eventRow, objectFields, objectSelectors, validateEvent, validateStrictChange, validateStrictly } from '../shared/events.js';
import type { Event as CoreEvent } from '../types/core-v1.gen.js';
import type { Event } from '../types/events-v1.gen.js';

export default define<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  resource: 'events',
  ownMetadataChecks: { whole: false },
  storedAs: { group: '', version: 'v1', resource: 'events' },
  createOnUpdate: true,
  uncached: true,
  // events own nothing
  defaultPropagation: 'Unsupported',
  fromStored: (stored) => fromCore(stored as CoreEvent),
  toStored: toCore,
  selectableFields: [...objectSelectors('regarding'), 'reason', 'reportingController', 'type'],
  fields: ({ regarding, reason = '', reportingController = '', type = '' }) => ({
    ...objectFields('regarding', regarding),
    reason,
    reportingController,
    type,
  }),
  // errors speak of the fields as they are stored
  validate: (event) => {
    const core = toCore(event);
    return [...validateEvent(core, 'reportingController'), ...validateStrictly(core)];
  },
  validateUpdate: (event, old) => {
    const core = toCore(event);
    return [...validateEvent(core, 'reportingController'), ...validateStrictChange(core, toCore(old))];
  },
  row: (event, context) => eventRow(toCore(event), context),
});

/** The form in events.k8s.io of an Event of the core group. */
export function fromCore(event: CoreEvent): Event {
  const {
    involvedObject,
    message,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    reportingComponent,
    reportingInstance,
    eventTime,
    series,
    ...same
  } = event;
  return {
    ...same,
    apiVersion: 'events.k8s.io/v1',
    eventTime: eventTime as string,
    series: series && { count: series.count ?? 0, lastObservedTime: series.lastObservedTime as string },
    reportingController: reportingComponent || undefined,
    reportingInstance: reportingInstance || undefined,
    regarding: involvedObject,
    note: message,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  };
}

/** The form in the core group of an Event of events.k8s.io. */
export function toCore(event: Event): CoreEvent {
  const {
    regarding,
    note,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    reportingController,
    ...same
  } = event;
  return {
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController ?? '',
    reportingInstance: event.reportingInstance ?? '',
  };
}
