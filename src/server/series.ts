// Counters, gauges and histograms for the hot path. prom-client hashes the labels at every step; here a series is looked up
// once and then counted on directly. prom-client's registry prints them with its own.
import type { Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

interface Value {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName?: string;
}

/** All series of one metric. */
abstract class Family<S> {
  readonly name: string;
  readonly help: string;
  readonly #labelNames: readonly string[];
  readonly #series = new Map<string, { labels: Labels; series: S }>();

  constructor(registry: Registry, name: string, help: string, labelNames: readonly string[]) {
    this.name = name;
    this.help = help;
    this.#labelNames = labelNames;
    registry.registerMetric(this as unknown as Metric);
  }

  /** The series of these labels; made when it is first asked for. To be kept by whoever counts often. */
  of(labels: Labels): S {
    let key = '';
    for (const name of this.#labelNames) key += `${labels[name] ?? ''}\0`;
    let found = this.#series.get(key);
    if (!found) {
      found = { labels: Object.fromEntries(this.#labelNames.map((name) => [name, labels[name] ?? ''])), series: this.make() };
      this.#series.set(key, found);
    }
    return found.series;
  }

  /** For the registry. */
  async get(): Promise<{ name: string; help: string; type: string; values: Value[] }> {
    const values = [...this.#series.values()].flatMap(({ labels, series }) => this.valuesOf(series, labels));
    return { name: this.name, help: this.help, type: this.type, values };
  }

  abstract readonly type: string;
  protected abstract make(): S;
  protected abstract valuesOf(series: S, labels: Labels): Value[];
}

/** The number behind one set of labels. */
export interface Count {
  value: number;
}

/** Numbers that only rise (`counter`), or rise and fall (`gauge`). */
export class Counts extends Family<Count> {
  readonly type: 'counter' | 'gauge';

  constructor(registry: Registry, type: 'counter' | 'gauge', name: string, help: string, labelNames: readonly string[]) {
    super(registry, name, help, labelNames);
    this.type = type;
  }

  protected make(): Count {
    return { value: 0 };
  }
  protected valuesOf({ value }: Count, labels: Labels): Value[] {
    return [{ labels, value }];
  }
}

/** How often values fell below each bound. */
export class Distribution {
  readonly bounds: readonly number[];
  /** By bucket, not summed up; the last is for what exceeds all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** @param times how often the value occurred */
  observe(value: number, times = 1): void {
    let i = 0;
    while (i < this.bounds.length && value > (this.bounds[i] as number)) i++;
    this.counts[i] = (this.counts[i] as number) + times;
    this.sum += value * times;
  }
}

/** A histogram metric: one distribution for each set of labels. */
export class Distributions extends Family<Distribution> {
  readonly type = 'histogram';
  readonly #bounds: readonly number[];

  constructor(registry: Registry, name: string, help: string, labelNames: readonly string[], bounds: readonly number[]) {
    super(registry, name, help, labelNames);
    this.#bounds = bounds;
  }

  protected make(): Distribution {
    return new Distribution(this.#bounds);
  }
  protected valuesOf({ bounds, counts, sum }: Distribution, labels: Labels): Value[] {
    let below = 0;
    const buckets = counts.map((count, i) => {
      below += count;
      return { metricName: `${this.name}_bucket`, labels: { le: bounds[i] ?? '+Inf', ...labels }, value: below };
    });
    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: below }];
  }
}
