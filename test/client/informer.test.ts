import { expect } from 'chai';
import { ApiError, expired } from '../../src/api/meta/errors.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import { configmaps } from '../../src/api/meta/resources.gen.js';
import type { ConfigMap } from '../../src/api/types/core-v1.gen.js';
import type { Client, ListOptions, WatchEvent } from '../../src/client/client.js';
import { Informer } from '../../src/client/informer.js';
import { Informers } from '../../src/client/informers.js';
import { VirtualClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/log.js';

function map(name: string, version: number, extra: Partial<ConfigMap['metadata']> = {}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', uid: name, resourceVersion: String(version), ...extra },
  };
}

/** A server that answers what the test tells it to, and remembers what it was asked. */
class Source {
  readonly asked: string[] = [];
  items: ConfigMap[] = [];
  version = 0;
  listError: Error | undefined;
  #queue: (WatchEvent<ConfigMap> | Error | 'end')[] = [];
  #wake: (() => void) | undefined;

  push(...events: (WatchEvent<ConfigMap> | Error | 'end')[]): void {
    this.#queue.push(...events);
    this.#wake?.();
  }

  asClient(): Pick<Client, 'list' | 'watch'> {
    return {
      list: async <T extends KubeObject>() => {
        this.asked.push('list');
        if (this.listError) throw this.listError;
        return {
          apiVersion: 'v1',
          kind: 'ConfigMapList',
          metadata: { resourceVersion: String(this.version) },
          items: this.items as unknown as T[],
        };
      },
      watch: <T extends KubeObject>(_: Resource<T>, options?: ListOptions) =>
        this.#watch(options) as unknown as AsyncIterable<WatchEvent<T>>,
    };
  }

  async *#watch(options: ListOptions = {}): AsyncGenerator<WatchEvent<ConfigMap>> {
    this.asked.push(`watch ${options.resourceVersion}`);
    options.signal?.addEventListener('abort', () => this.#wake?.());
    for (;;) {
      if (options.signal?.aborted) return;
      const next = this.#queue.shift();
      if (next === 'end') return;
      if (next instanceof Error) throw next;
      if (next) yield next;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

describe('informer', () => {
  let source: Source;
  let clock: VirtualClock;
  let informer: Informer<ConfigMap>;
  let abort: AbortController;
  let seen: string[];
  let done: Promise<void>;

  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const start = () => {
    informer = new Informer({ client: source.asClient(), resource: configmaps, clock, random: () => 0, logger: silentLogger });
    informer.addHandler({
      add: (o) => seen.push(`add ${o.metadata.name}@${o.metadata.resourceVersion}`),
      update: (old, o) => seen.push(`update ${o.metadata.name} ${old.metadata.resourceVersion}->${o.metadata.resourceVersion}`),
      delete: (o) => seen.push(`delete ${o.metadata.name}@${o.metadata.resourceVersion}`),
    });
    done = informer.run(abort.signal);
  };

  beforeEach(() => {
    source = new Source();
    clock = new VirtualClock();
    abort = new AbortController();
    seen = [];
  });
  afterEach(async () => {
    abort.abort();
    await done;
  });

  it('lists, tells, is synced, and watches from the revision of the list', async () => {
    source.items = [map('a', 3), map('b', 5)];
    source.version = 7;
    start();
    expect(await informer.synced).to.equal(true);
    await turn();
    expect(seen).to.deep.equal(['add a@3', 'add b@5']);
    expect(source.asked).to.deep.equal(['list', 'watch 7']);
    expect(informer.store.size).to.equal(2);
    expect(informer.store.get('default/a')).to.equal(source.items[0]);
  });

  it('follows changes, and knows its revision', async () => {
    source.version = 1;
    start();
    await informer.synced;
    source.push(
      { type: 'ADDED', object: map('a', 2) },
      { type: 'MODIFIED', object: map('a', 3) },
      { type: 'DELETED', object: map('a', 4) },
      { type: 'BOOKMARK', object: map('', 9) },
    );
    await turn();
    expect(seen).to.deep.equal(['add a@2', 'update a 2->3', 'delete a@4']);
    expect(informer.store.size).to.equal(0);
    expect(informer.resourceVersion).to.equal('9');
  });

  it('goes on from its last revision when a watch ends, without a new list', async () => {
    source.version = 1;
    start();
    await informer.synced;
    source.push({ type: 'ADDED', object: map('a', 5) }, 'end');
    await turn();
    await turn();
    expect(source.asked).to.deep.equal(['list', 'watch 1', 'watch 5']);
  });

  it('does not hurry when watches end at once', async () => {
    start();
    source.push('end', 'end', 'end');
    await informer.synced;
    await turn();
    expect(source.asked).to.deep.equal(['list', 'watch 0']);
    await clock.advance(800);
    expect(source.asked).to.have.length(3);
    await clock.advance(1599);
    expect(source.asked).to.have.length(3);
    await clock.advance(1);
    expect(source.asked).to.have.length(4);
  });

  it('waits longer after every failure, and goes on where it was', async () => {
    source.version = 4;
    start();
    await informer.synced;
    source.push(new Error('connection refused'), new Error('connection refused'));
    await turn();
    await clock.advance(799);
    expect(source.asked).to.deep.equal(['list', 'watch 4']);
    await clock.advance(1);
    await clock.advance(1600);
    await turn();
    expect(source.asked).to.deep.equal(['list', 'watch 4', 'watch 4', 'watch 4']);
    expect(seen).to.deep.equal([]);
  });

  it('lists again when history does not reach, and tells what has changed meanwhile', async () => {
    source.items = [map('same', 1), map('changed', 2), map('gone', 3), map('again', 4)];
    source.version = 4;
    start();
    await informer.synced;
    seen.length = 0;
    source.items = [map('same', 1), map('changed', 6), map('again', 8, { uid: 'another' }), map('new', 7)];
    source.version = 9;
    source.push(expired('too old resource version: 4 (8)'));
    await turn();
    await turn();
    expect(source.asked).to.deep.equal(['list', 'watch 4', 'list', 'watch 9']);
    expect(seen).to.deep.equal(['update changed 2->6', 'delete again@4', 'add again@8', 'add new@7', 'delete gone@3']);
  });

  it('tries the first list until it succeeds', async () => {
    source.listError = new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'not yet' });
    start();
    await turn();
    expect(informer.hasSynced).to.equal(false);
    source.listError = undefined;
    await clock.advance(800);
    expect(await informer.synced).to.equal(true);
  });

  it('tells a late handler what is there', async () => {
    source.items = [map('a', 1)];
    start();
    await informer.synced;
    const late: string[] = [];
    const remove = informer.addHandler({ add: (o) => late.push(o.metadata.name) });
    expect(late).to.deep.equal(['a']);
    remove();
    source.push({ type: 'ADDED', object: map('b', 2) });
    await turn();
    expect(late).to.deep.equal(['a']);
    expect(seen).to.deep.equal(['add a@1', 'add b@2']);
  });

  it('keeps one failing handler from hurting the others', async () => {
    source.items = [map('a', 1)];
    informer = new Informer({ client: source.asClient(), resource: configmaps, clock, random: () => 0, logger: silentLogger });
    informer.addHandler({
      add: () => {
        throw new Error('broken');
      },
    });
    informer.addHandler({ add: (o) => seen.push(o.metadata.name) });
    done = informer.run(abort.signal);
    await informer.synced;
    expect(seen).to.deep.equal(['a']);
  });

  it('finds objects by namespace and by index, through every change', async () => {
    source.items = [map('a', 1, { labels: { tier: 'web' } }), map('b', 2, { namespace: 'other', labels: { tier: 'web' } }), map('c', 3)];
    start();
    await informer.synced;
    informer.addIndex('tier', (o) => o.metadata.labels?.['tier']);
    const names = (tier: string) => informer.store.byIndex('tier', tier).map((o) => o.metadata.name);
    expect(names('web')).to.deep.equal(['a', 'b']);
    expect(informer.store.list('other').map((o) => o.metadata.name)).to.deep.equal(['b']);
    source.push(
      { type: 'MODIFIED', object: map('a', 4, { labels: { tier: 'db' } }) },
      { type: 'DELETED', object: map('b', 5, { namespace: 'other' }) },
    );
    await turn();
    expect(names('web')).to.deep.equal([]);
    expect(names('db')).to.deep.equal(['a']);
    expect(informer.store.list('other')).to.deep.equal([]);
    expect(() => informer.store.byIndex('nonsense', 'x')).to.throw('there is no index nonsense');
  });

  it('ends when it is told to, also before its first list', async () => {
    source.listError = new Error('never');
    start();
    await turn();
    abort.abort();
    expect(await informer.synced).to.equal(false);
    await done;
  });
});

describe('shared informers', () => {
  it('watch a resource once for all, and end together', async () => {
    const source = new Source();
    const informers = new Informers({ client: source.asClient(), clock: new VirtualClock(), random: () => 0, logger: silentLogger });
    expect(informers.of(configmaps)).to.equal(informers.of(configmaps));
    await informers.of(configmaps).synced;
    expect(source.asked.filter((a) => a === 'list')).to.have.length(1);
    await informers.stop();
    expect(() => informers.of(configmaps)).to.throw('stopped');
  });

  it('keep only what the life of an object depends on, where nobody asks for more', async () => {
    const source = new Source();
    source.items = [{ ...map('a', 1, { labels: { big: 'x' }, finalizers: ['f'] }), data: { much: 'more' } }];
    const informers = new Informers({ client: source.asClient(), clock: new VirtualClock(), random: () => 0, logger: silentLogger });
    const lean = informers.metadata(configmaps);
    await lean.synced;
    const kept = lean.store.get('default/a');
    expect(kept).to.have.all.keys('apiVersion', 'kind', 'metadata');
    expect(kept?.metadata).to.deep.include({ name: 'a', namespace: 'default', uid: 'a', resourceVersion: '1', finalizers: ['f'] });
    expect(kept?.metadata.labels).to.equal(undefined);
    expect(informers.metadata(configmaps)).to.equal(lean);
    const whole = informers.of(configmaps);
    await whole.synced;
    expect(whole.store.get('default/a')?.data).to.deep.equal({ much: 'more' });
    expect(informers.metadata(configmaps)).to.equal(whole);
    await informers.remove(configmaps);
    await informers.stop();
  });

  it('can let go of a resource that is no longer served', async () => {
    const source = new Source();
    const informers = new Informers({ client: source.asClient(), clock: new VirtualClock(), random: () => 0, logger: silentLogger });
    const first = informers.of(configmaps);
    await informers.remove(configmaps);
    expect(informers.of(configmaps)).not.to.equal(first);
    await informers.stop();
  });
});
