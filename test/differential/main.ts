// Holds generated conversations with kube-apiserver v1.36 and with kubemu in lock-step and says where the answers differ.
//
//   npx tsx test/differential/main.ts --reference KUBECONFIG [--kubemu KUBECONFIG] [--resource pods …] [--part create …]
//
// The reference runs without controllers and without ServiceAccount admission; kubemu is started the same way unless it is
// named. Begin with runner.ts, which says how; parts/ says what is asked. The exit status is 1 when something differs.
import { Command, InvalidArgumentError } from 'commander';
import { parts } from './parts/index.js';
import { Report } from './report.js';
import { chosenResources } from './resources.js';
import { Runner } from './runner.js';
import { Side, startKubemu } from './servers.js';

interface Options {
  readonly reference: string;
  readonly kubemu?: string;
  readonly resource: string[];
  readonly part: string[];
  readonly only: RegExp;
  readonly oneIn: number;
  readonly seeds: number;
  readonly again: number;
  readonly run: string;
}

const positive = (text: string): number => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('a positive whole number is expected');
  return n;
};

const options = new Command('differential')
  .requiredOption('--reference <kubeconfig>', 'of the reference server')
  .option('--kubemu <kubeconfig>', 'of a running kubemu; default: one is started')
  .option('--resource <name...>', 'pods, apps/v1/deployments', [])
  .option('--part <name...>', parts.map((p) => p.name).join(', '), [])
  .option('--only <pattern>', 'only conversations whose names match', (text) => new RegExp(text), /^/)
  .option('--one-in <n>', 'hold only one in n conversations, always the same ones', positive, 1)
  .option('--seeds <n>', 'how many valid objects to begin with at most', positive, 6)
  .option('--again <n>', 'of the mutations at places that an earlier object has too, make one in n', positive, 10)
  .option('--run <text>', 'part of all names; default: the time', Date.now().toString(36))
  .parse()
  .opts<Options>();

const report = new Report();
const reference = Side.from(options.reference);
const own = options.kubemu === undefined ? await startKubemu() : undefined;
const kubemu = own?.side ?? Side.from(options.kubemu ?? '');
const chosen = parts.filter((p) => options.part.length === 0 || options.part.includes(p.name));
const runner = new Runner({ ...options, reference, kubemu, report, parts: chosen });
try {
  for (const resource of chosenResources(options.resource)) {
    const begun = Date.now();
    await runner.run(resource);
    console.error(`${resource.groupVersion}/${resource.name}: ${report.differences} differ so far, ${Date.now() - begun} ms`);
  }
} finally {
  console.log(report.text());
  reference.close();
  kubemu.close();
  await own?.stop();
}
process.exitCode = report.differences === 0 ? 0 : 1;
