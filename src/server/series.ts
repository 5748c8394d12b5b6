// Counters, gauges and histograms, and the text in which Prometheus reads them. A series is looked up once and then counted on
// directly: client libraries hash its labels at every step, which a request would feel.

type Labels = Readonly<Record<string, string>>;

/** One line of a scrape. */
export interface Sample {
  /** What follows the metric's name: _bucket, _sum, _count. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** A metric as a scrape sees it. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  samples(): Iterable<Sample>;
}

/** The metrics of one server, in the order in which they are shown. */
export class MetricSet {
  readonly #metrics: Metric[] = [];

  /** A number that only rises. */
  counter(name: string, help: string, labelNames: readonly string[]): Family<Count> {
    return this.#add(new Counts('counter', name, help, labelNames));
  }

  /** A number that rises and falls. */
  gauge(name: string, help: string, labelNames: readonly string[]): Family<Count> {
    return this.#add(new Counts('gauge', name, help, labelNames));
  }

  /** @param bounds upper ends of the buckets, rising */
  histogram(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]): Family<Distribution> {
    return this.#add(new Distributions(name, help, labelNames, bounds));
  }

  /** Figures that are kept elsewhere and read at each scrape. */
  read(type: 'counter' | 'gauge', name: string, help: string, samples: () => Iterable<Sample>): void {
    this.#add({ type, name, help, samples });
  }

  #add<M extends Metric>(metric: M): M {
    this.#metrics.push(metric);
    return metric;
  }

  /** All of it in Prometheus' text format 0.0.4. */
  text(): string {
    const lines: string[] = [];
    for (const metric of this.#metrics) {
      const { name, help, type } = metric;
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const { suffix = '', labels, value } of metric.samples())
        lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

function numberText(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

/** All series of one metric. */
export abstract class Family<S> implements Metric {
  abstract readonly type: Metric['type'];
  readonly name: string;
  readonly help: string;
  readonly #labelNames: readonly string[];
  readonly #series = new Map<string, { labels: Labels; series: S }>();

  constructor(name: string, help: string, labelNames: readonly string[]) {
    this.name = name;
    this.help = help;
    this.#labelNames = labelNames;
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

  *samples(): Iterable<Sample> {
    for (const { labels, series } of this.#series.values()) yield* this.samplesOf(series, labels);
  }

  protected abstract make(): S;
  protected abstract samplesOf(series: S, labels: Labels): Iterable<Sample>;
}

/** The number behind one set of labels. */
export interface Count {
  value: number;
}

class Counts extends Family<Count> {
  readonly type: 'counter' | 'gauge';

  constructor(type: 'counter' | 'gauge', name: string, help: string, labelNames: readonly string[]) {
    super(name, help, labelNames);
    this.type = type;
  }

  protected make(): Count {
    return { value: 0 };
  }
  protected samplesOf({ value }: Count, labels: Labels): Sample[] {
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

class Distributions extends Family<Distribution> {
  readonly type = 'histogram';
  readonly #bounds: readonly number[];

  constructor(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]) {
    super(name, help, labelNames);
    this.#bounds = bounds;
  }

  protected make(): Distribution {
    return new Distribution(this.#bounds);
  }
  protected samplesOf({ bounds, counts, sum }: Distribution, labels: Labels): Sample[] {
    let below = 0;
    const buckets = counts.map((count, i) => {
      below += count;
      return { suffix: '_bucket', labels: { le: numberText(bounds[i] ?? Number.POSITIVE_INFINITY), ...labels }, value: below };
    });
    return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: below }];
  }
}
