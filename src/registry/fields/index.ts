// Who owns which field of an object (metadata.managedFields), as structured-merge-diff and apimachinery's
// util/managedfields have it. Pure functions over decoded objects and their types.
//
//   create, update, patch:  trackUpdate({ type, object, live, manager, … })   // after defaults, before mutating admission
//   apply:                  object = applyObject({ type, live, applied, manager, force, … })
//
// set.ts: sets of fields; shape.ts: what of a type counts; walk.ts: the fields of an object, and of a change; merge.ts and
// prune.ts: how a configuration is merged into an object; managers.ts: reading and writing managedFields.
export { applyObject, type ApplyOptions } from './apply.js';
export { resetFields, setOf } from './reset.js';
export { trackUpdate, type TrackOptions, type Versions } from './update.js';
export { applyThroughView, trackThroughView, type View } from './view.js';
