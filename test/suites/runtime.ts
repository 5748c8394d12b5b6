// The contract of a container runtime (src/nodeagent/runtime.ts), run against each implementation.
import { expect } from 'chai';
import type { Readable } from 'node:stream';
import type { Container, Pod, Probe } from '../../src/api/types/core-v1.gen.js';
import type { Runtime, RuntimeContainer, RuntimeNode } from '../../src/nodeagent/runtime.js';

/** What a container of a test does. Every runtime has its own way to make one do it. */
export type Behaviour =
  | { readonly does: 'run' }
  | { readonly does: 'exit'; readonly code: number; readonly afterMs: number }
  | { readonly does: 'print'; readonly lines: readonly string[] }
  | { readonly does: 'ignore TERM' }
  | { readonly does: 'not start' };

export interface RuntimeHarness {
  readonly runtime: Runtime;
  readonly node: RuntimeNode;
  /** An image that cannot be had, and what the pod needs for that. */
  readonly missing: { readonly image: string; readonly annotations?: Record<string, string> };
  /** A container, and annotations of its pod, that behave so. */
  behave(behaviour: Behaviour): { container: Omit<Container, 'name'>; annotations?: Record<string, string> };
  /** A probe that answers so. */
  probe(ok: boolean): { probe: Probe; annotations?: Record<string, string> };
  /** Lets time pass. */
  advance(ms: number): Promise<void>;
  /** The runtime in a new life, with nothing in memory. */
  restart(): Promise<Runtime>;
  close(): Promise<void>;
}

const NEVER = new AbortController().signal;
let serial = 0;

/** @param open makes the runtime under test; rejects or calls `this.skip` where it cannot be had */
export function runtimeSuite(name: string, open: (context: Mocha.Context) => Promise<RuntimeHarness>): void {
  describe(`runtime contract: ${name}`, function () {
    this.timeout(60_000);
    let harness: RuntimeHarness;
    let runtime: Runtime;
    let exits: RuntimeContainer[];
    const made: Pod[] = [];

    before(async function () {
      harness = await open(this);
      runtime = harness.runtime;
    });
    beforeEach(() => {
      exits = [];
      runtime.onChange((_, container) => container.state === 'exited' && exits.push(container));
    });
    afterEach(async () => {
      for (const pod of made.splice(0)) await runtime.removePod(pod);
    });
    after(() => harness?.close());

    function newPod(behaviour: Behaviour, more: Record<string, string> = {}): Pod {
      const { container, annotations } = harness.behave(behaviour);
      const id = `${Date.now().toString(16)}${serial++}`;
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${id}`, namespace: 'default', uid: `uid-${id}`, annotations: { ...annotations, ...more } },
        spec: { nodeName: harness.node.name, containers: [{ name: 'main', ...container }] },
        status: {},
      } as Pod;
      made.push(pod);
      return pod;
    }

    async function start(pod: Pod, attempt = 0): Promise<RuntimeContainer> {
      const container = pod.spec.containers[0] as Container;
      await runtime.mountVolumes(pod, []);
      await runtime.startSandbox({ pod, node: harness.node, signal: NEVER });
      const image = (await runtime.findImage(pod, container)) ?? (await runtime.pullImage(pod, container, NEVER));
      return runtime.startContainer({
        pod,
        node: harness.node,
        container,
        attempt,
        image,
        env: [],
        command: container.command,
        args: container.args,
        signal: NEVER,
      });
    }

    /** Lets time pass until the check holds. */
    async function until(what: string, check: () => boolean): Promise<void> {
      for (let waited = 0; !check(); waited += 50) {
        if (waited > 15_000) throw new Error(`${what}: not within 15 s`);
        await harness.advance(50);
      }
    }

    async function text(stream: Readable): Promise<string> {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
      return Buffer.concat(chunks).toString();
    }

    it('gives each pod a sandbox with an address of its own, and the same one when asked again', async () => {
      const [a, b] = [newPod({ does: 'run' }), newPod({ does: 'run' })];
      const first = await runtime.startSandbox({ pod: a, node: harness.node, signal: NEVER });
      const second = await runtime.startSandbox({ pod: b, node: harness.node, signal: NEVER });
      expect(first.ip).to.match(/^\d+\.\d+\.\d+\.\d+$/);
      expect(second.ip).not.to.equal(first.ip);
      expect(await runtime.startSandbox({ pod: a, node: harness.node, signal: NEVER })).to.deep.equal(first);
    });

    it('gives a pod of the host network the address of the node', async () => {
      const pod = newPod({ does: 'run' });
      pod.spec.hostNetwork = true;
      expect((await runtime.startSandbox({ pod, node: harness.node, signal: NEVER })).ip).to.equal(harness.node.ip);
    });

    it('says that an image cannot be had', async () => {
      const pod = newPod({ does: 'run' }, harness.missing.annotations);
      const container: Container = { name: 'main', image: harness.missing.image };
      expect(await runtime.findImage(pod, container)).to.equal(undefined);
      const error = await runtime.pullImage(pod, container, NEVER).catch((e: unknown) => e);
      expect(error).to.have.property('reason', 'ErrImagePull');
    });

    it('starts a container', async () => {
      const started = await start(newPod({ does: 'run' }));
      expect(started).to.include({ name: 'main', attempt: 0, state: 'running' });
      expect(started.id).to.match(/^[a-z]+:\/\/[0-9a-f]{64}$/);
      expect(started.imageID).to.contain('sha256:');
      expect(started.startedAt).to.be.greaterThan(0);
    });

    it('tells of a container that ends by itself', async () => {
      const started = await start(newPod({ does: 'exit', code: 0, afterMs: 100 }));
      await until('the end is told', () => exits.length > 0);
      expect(exits[0]).to.include({ id: started.id, state: 'exited', exitCode: 0, reason: 'Completed' });
      expect(exits[0]?.finishedAt).to.be.at.least(started.startedAt);
    });

    it('tells with which code a container failed', async () => {
      await start(newPod({ does: 'exit', code: 3, afterMs: 100 }));
      await until('the end is told', () => exits.length > 0);
      expect(exits[0]).to.include({ exitCode: 3, reason: 'Error' });
    });

    it('answers with an ended container when its process cannot be started', async () => {
      const started = await start(newPod({ does: 'not start' }));
      expect(started).to.include({ state: 'exited', exitCode: 128, reason: 'StartError' });
      expect(started.message).to.match(/./);
    });

    it('numbers attempts, and keeps the one before for its log', async () => {
      const pod = newPod({ does: 'print', lines: ['hello'] });
      const first = await start(pod);
      await runtime.stopContainer(pod, first.id, 1);
      const second = await start(pod, 1);
      expect(second).to.include({ attempt: 1, state: 'running' });
      expect(second.id).not.to.equal(first.id);
      expect(await text(await runtime.logs(pod, first.id, {}))).to.contain('hello');
      await runtime.removeContainer(pod, first.id);
      const gone = await runtime.logs(pod, first.id, {}).catch((e: unknown) => e);
      expect(gone).to.be.instanceOf(Error);
    });

    it('stops a container that heeds the signal at once', async () => {
      const pod = newPod({ does: 'run' });
      const { id } = await start(pod);
      const ended = await runtime.stopContainer(pod, id, 30);
      expect(ended).to.include({ id, state: 'exited' });
      expect(await runtime.stopContainer(pod, id, 30)).to.include({ id, state: 'exited' });
    });

    it('kills a container that does not heed the signal when the grace period is over', async () => {
      const pod = newPod({ does: 'ignore TERM' });
      const { id } = await start(pod);
      let ended: RuntimeContainer | undefined;
      void runtime.stopContainer(pod, id, 1).then((c) => (ended = c));
      await until('it is killed', () => ended !== undefined);
      expect(ended).to.include({ exitCode: 137, reason: 'Error' });
    });

    it('kills sooner when asked again with less grace', async () => {
      const pod = newPod({ does: 'ignore TERM' });
      const { id } = await start(pod);
      let ended: RuntimeContainer | undefined;
      void runtime.stopContainer(pod, id, 3_600).then((c) => (ended = c));
      await harness.advance(50);
      void runtime.stopContainer(pod, id, 1);
      await until('it is killed', () => ended !== undefined);
      expect(ended).to.include({ exitCode: 137 });
    });

    it('answers nothing for a container that is not there', async () => {
      const pod = newPod({ does: 'run' });
      expect(await runtime.stopContainer(pod, 'docker://0000000000000000000000000000000000000000000000000000000000000000', 1)).to.equal(
        undefined,
      );
    });

    it('gives the output of a container: whole, its end, with times, limited', async () => {
      const pod = newPod({ does: 'print', lines: ['one', 'two', 'three'] });
      const { id } = await start(pod);
      await harness.advance(300);
      expect(await text(await runtime.logs(pod, id, {}))).to.equal('one\ntwo\nthree\n');
      expect(await text(await runtime.logs(pod, id, { tailLines: 2 }))).to.equal('two\nthree\n');
      expect(await text(await runtime.logs(pod, id, { tailLines: 1, timestamps: true }))).to.match(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z three\n$/,
      );
      expect(await text(await runtime.logs(pod, id, { limitBytes: 6 }))).to.equal('one\ntw');
    });

    it('follows the output until the container ends', async () => {
      const pod = newPod({ does: 'print', lines: ['one'] });
      const { id } = await start(pod);
      let all: string | undefined;
      void text(await runtime.logs(pod, id, { follow: true })).then((t) => (all = t));
      await harness.advance(300);
      expect(all, 'it goes on while the container runs').to.equal(undefined);
      await runtime.stopContainer(pod, id, 1);
      await until('the log ends', () => all !== undefined);
      expect(all).to.match(/^one\n/);
    });

    it('stops following when the reader goes away', async () => {
      const pod = newPod({ does: 'run' });
      const { id } = await start(pod);
      const reader = new AbortController();
      let ended = false;
      void text(await runtime.logs(pod, id, { follow: true, signal: reader.signal })).then(
        () => (ended = true),
        () => (ended = true),
      );
      reader.abort();
      await until('the stream ends', () => ended);
    });

    it('probes', async () => {
      for (const ok of [true, false]) {
        const { probe, annotations } = harness.probe(ok);
        const pod = newPod({ does: 'run' }, annotations);
        const container = await start(pod);
        const result = await runtime.probe({ pod, container, kind: 'liveness', probe, ip: '127.0.0.1', port: Number, signal: NEVER });
        expect(result.ok).to.equal(ok);
      }
    });

    it('finds in a new life what ran before', async () => {
      const pod = newPod({ does: 'run' });
      const sandbox = await runtime.startSandbox({ pod, node: harness.node, signal: NEVER });
      const container = await start(pod);
      const startedAt = new Date(container.startedAt).toISOString();
      const status = {
        name: 'main',
        image: container.image,
        imageID: container.imageID,
        containerID: container.id,
        restartCount: 0,
        ready: true,
        state: { running: { startedAt } },
      };
      const known: Pod = { ...pod, status: { phase: 'Running', podIP: sandbox.ip, containerStatuses: [status] } };
      runtime = await harness.restart();
      const found = await runtime.adopt(known, harness.node);
      expect(found?.sandbox?.ip).to.equal(sandbox.ip);
      expect(found?.containers).to.have.length(1);
      expect(found?.containers[0]).to.deep.include({ id: container.id, name: 'main', state: 'running', attempt: 0 });
      const next = newPod({ does: 'run' });
      expect((await runtime.startSandbox({ pod: next, node: harness.node, signal: NEVER })).ip).not.to.equal(sandbox.ip);
      expect(await runtime.stopContainer(known, container.id, 1)).to.include({ state: 'exited' });
    });

    it('knows nothing of a pod it never had', async () => {
      expect(await runtime.adopt(newPod({ does: 'run' }), harness.node)).to.equal(undefined);
    });

    it('keeps the logs of an ended pod when its sandbox goes', async () => {
      const pod = newPod({ does: 'print', lines: ['last words'] });
      const { id } = await start(pod);
      await harness.advance(300);
      await runtime.stopContainer(pod, id, 1);
      await runtime.stopSandbox(pod);
      expect(await text(await runtime.logs(pod, id, { tailLines: 100 }))).to.contain('last words');
      expect((await runtime.adopt(pod, harness.node))?.sandbox).to.equal(undefined);
    });

    it('leaves nothing of a removed pod', async () => {
      const pod = newPod({ does: 'run' });
      await start(pod);
      await runtime.removePod(pod);
      expect(await runtime.adopt(pod, harness.node)).to.equal(undefined);
      await runtime.removePod(pod);
    });

    it('removes pods of the node that nobody knows any more, and no others', async () => {
      const [kept, lost] = [newPod({ does: 'run' }), newPod({ does: 'run' })];
      await start(kept);
      await start(lost);
      await runtime.removeOthers({ ...harness.node, name: 'another' }, new Set());
      await runtime.removeOthers(harness.node, new Set([kept.metadata.uid ?? '']));
      expect(await runtime.adopt(lost, harness.node)).to.equal(undefined);
      expect(await runtime.adopt(kept, harness.node)).not.to.equal(undefined);
    });
  });
}
