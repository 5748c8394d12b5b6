// The scheduler. Start reading in framework.ts (what a rule is), then scheduler.ts (the whole), queue.ts, cycle.ts, cache.ts.
export type { Plugin } from './framework.js';
export { plugins } from './plugins/index.js';
export { type Scheduler, type SchedulerOptions, startScheduler } from './scheduler.js';
