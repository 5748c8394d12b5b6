// Node agents. Start reading in runtime.ts (what a node needs of a container runtime), then worker.ts (one pod), agent.ts (one
// node) and node-host.ts (all nodes of a process). plan.ts decides what runs next, status.ts says what the API is told.
export type { PodLogOptions } from './container-logs.js';
export { type NodeHost, type NodeHostOptions, startNodeHost } from './node-host.js';
export { AGENT_ANNOTATION, type NodeSpec, RUNTIME_ANNOTATION } from './node-object.js';
export { type Runtime, RuntimeError } from './runtime.js';
export { type SimulatedOptions, simulatedRuntime } from './simulated.js';
export { clusterIdOf, openRuntimes, removeLeftovers, type Runtimes, type RuntimesOptions } from './runtimes.js';
