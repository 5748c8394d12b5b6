// A small fixed part of the comparison with the reference server (main.ts), run when KUBEMU_REFERENCE names its kubeconfig.
import { expect } from 'chai';
import { parts } from './parts/index.js';
import { Report } from './report.js';
import { chosenResources } from './resources.js';
import { Runner } from './runner.js';
import { Side, startKubemu } from './servers.js';

const kubeconfig = process.env['KUBEMU_REFERENCE'];
const RESOURCES = ['configmaps', 'leases', 'priorityclasses', 'replicasets'];
const ONE_IN = 31;

describe('generated conversations, beside the reference server', function () {
  this.timeout(120_000);
  if (kubeconfig === undefined) {
    it.skip('needs KUBEMU_REFERENCE: the kubeconfig of a kube-apiserver v1.36');
    return;
  }
  let kubemu: Awaited<ReturnType<typeof startKubemu>>;
  let reference: Side;

  before(async () => {
    reference = Side.from(kubeconfig);
    kubemu = await startKubemu();
  });
  after(async () => {
    reference?.close();
    kubemu?.side.close();
    await kubemu?.stop();
  });

  for (const resource of chosenResources(RESOURCES))
    it(`answers alike about ${resource.name}`, async () => {
      const report = new Report();
      const run = Date.now().toString(36);
      const runner = new Runner({ reference, kubemu: kubemu.side, report, parts, run, oneIn: ONE_IN, only: /^/, seeds: 2, again: 10 });
      await runner.run(resource);
      expect(report.differences, report.text()).to.equal(0);
    });
});
