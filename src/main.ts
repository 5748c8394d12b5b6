#!/usr/bin/env node
import { run } from './commands/index.js';

process.exitCode = await run(process.argv.slice(2), {
  start: async (options) => (await import('./cluster.js')).startCluster(options),
  async removeLeftovers(dataDir, caCert) {
    const { clusterIdOf, removeLeftovers } = await import('./nodeagent/index.js');
    return removeLeftovers(clusterIdOf(caCert), dataDir);
  },
});
