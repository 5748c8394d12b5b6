import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type Docker from 'dockerode';
import { dockerRuntime } from '../../src/nodeagent/docker.js';
import { removeLeftovers } from '../../src/nodeagent/docker-leftovers.js';
import { systemClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/log.js';
import { type Behaviour, type RuntimeHarness, runtimeSuite } from '../suites/runtime.js';
import { needDocker, shell, TEST_IMAGE } from './docker-image.js';

const SLEEP = 'while :; do /bin/busybox sleep 0.1; done';

function command(behaviour: Behaviour): string[] {
  switch (behaviour.does) {
    case 'run':
      return shell(`trap 'exit 0' TERM; ${SLEEP}`);
    case 'exit':
      return shell(`/bin/busybox sleep ${behaviour.afterMs / 1_000}; exit ${behaviour.code}`);
    case 'print':
      return shell(`trap 'exit 0' TERM; ${behaviour.lines.map((line) => `echo '${line}'`).join('; ')}; ${SLEEP}`);
    case 'ignore TERM':
      return shell(`trap '' TERM; ${SLEEP}`);
    case 'not start':
      return ['/no/such/program'];
  }
}

async function open(context: Mocha.Context): Promise<RuntimeHarness> {
  const docker = await needDocker(context);
  const dataDir = await mkdtemp(join(tmpdir(), 'kubemu-docker-'));
  const clusterId = `test${process.pid}`;
  const make = () => dockerRuntime({ docker, clusterId, dataDir, clock: systemClock, logger: silentLogger });
  let runtime = await make();
  return {
    runtime,
    node: { name: 'n1', ip: runtime.address ?? '', podCIDR: runtime.podCIDR ?? '' },
    missing: { image: '127.0.0.1:1/absent:1' },
    behave: (behaviour) => ({ container: { image: TEST_IMAGE, command: command(behaviour) } }),
    probe: (ok) => ({ probe: { exec: { command: shell(`exit ${ok ? 0 : 1}`) } } }),
    advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    restart: async () => {
      await runtime.close();
      runtime = await make();
      return runtime;
    },
    close: async () => {
      await runtime.close();
      await removeLeftovers(clusterId, dataDir, docker);
      await expectNothingLeft(docker, clusterId);
      await rm(dataDir, { recursive: true });
    },
  };
}

async function expectNothingLeft(docker: Docker, clusterId: string): Promise<void> {
  const filters = { label: [`kubemu.dev/cluster=${clusterId}`] };
  expect(await docker.listContainers({ all: true, filters })).to.deep.equal([]);
  expect(await docker.listNetworks({ filters })).to.deep.equal([]);
}

runtimeSuite('docker', open);
