// What `import … from 'kubemu'` gives: a cluster from code. The command line uses nothing else.
export { startCluster, type Cluster } from './cluster.js';
export type { ClusterOptions, NodeCapacity, RuntimeName } from './options.js';
export type { Client, DeleteOptions, ListOptions, ObjectKey, PatchType, WatchEvent, WriteOptions } from './client/client.js';
export { ApiError, isApiError } from './api/meta/errors.js';
export type { Draft, KubeObject, ObjectList, Resource } from './api/meta/object.js';
export * as resources from './api/meta/resources.gen.js';
export { UserError } from './util/user-error.js';
export { type Clock, systemClock, VirtualClock } from './util/clock.js';
