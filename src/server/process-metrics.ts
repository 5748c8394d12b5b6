import { readdirSync, readFileSync } from 'node:fs';
import type { MetricSet } from './series.js';

/** Adds the process_* metrics that every Prometheus client has. They are read when they are asked for. */
export function addProcessMetrics(metrics: MetricSet): void {
  const started = Date.now() / 1000 - process.uptime();
  const add = (type: 'counter' | 'gauge', name: string, help: string, read: () => number) =>
    metrics.read(type, name, help, () => {
      try {
        return [{ labels: {}, value: read() }];
      } catch {
        // only Linux tells all of them
        return [];
      }
    });
  add('counter', 'process_cpu_seconds_total', 'Processor time used, in seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  add('gauge', 'process_start_time_seconds', 'When the process began, in seconds since the epoch.', () => started);
  add('gauge', 'process_resident_memory_bytes', 'Memory in use.', () => process.memoryUsage.rss());
  add('gauge', 'process_virtual_memory_bytes', 'Virtual memory in use.', () => 1024 * number('status', /^VmSize:\s+(\d+) kB/m));
  add('gauge', 'process_open_fds', 'Open files.', () => readdirSync('/proc/self/fd').length);
  add('gauge', 'process_max_fds', 'How many files may be open.', () => number('limits', /^Max open files\s+(\d+)/m));
}

/** @throws Error when the file is not there or does not say it */
function number(file: 'status' | 'limits', pattern: RegExp): number {
  const found = pattern.exec(readFileSync(`/proc/self/${file}`, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`no ${pattern.source}`);
  return Number(found);
}
