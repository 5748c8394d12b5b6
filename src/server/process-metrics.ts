import { readdirSync, readFileSync } from 'node:fs';
import { Gauge, Counter, type Registry } from 'prom-client';

/**
 * The process_* metrics that every Prometheus client has. prom-client's own come with observers that outlive the registry,
 * so these read the figures when they are asked for.
 */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time used, in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  const started = Date.now() / 1000 - process.uptime();
  new Gauge({ name: 'process_start_time_seconds', help: 'When the process began, in seconds since the epoch.', registers }).set(started);
  gauge('process_resident_memory_bytes', 'Memory in use.', () => process.memoryUsage.rss());
  // only Linux tells these
  gauge('process_virtual_memory_bytes', 'Virtual memory in use.', () => status(/^VmSize:\s+(\d+) kB/m) * 1024);
  gauge('process_open_fds', 'Open files.', () => readdirSync('/proc/self/fd').length);
  gauge('process_max_fds', 'How many files may be open.', () =>
    number(readFileSync('/proc/self/limits', 'utf8'), /^Max open files\s+(\d+)/m),
  );

  function gauge(name: string, help: string, read: () => number): void {
    try {
      read();
    } catch {
      return;
    }
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
}

function status(pattern: RegExp): number {
  return number(readFileSync('/proc/self/status', 'utf8'), pattern);
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${pattern.source}`);
  return Number(found);
}
