import { Command } from 'commander';
import type { KubeObject } from '../api/meta/object.js';
import type { Node } from '../api/types/core-v1.gen.js';
import { defaultDataDir, nodeAnnotations } from '../options.js';
import { type Api, connect } from './api.js';
import { dataDirFlag } from './flags.js';

const EXAMPLES = `
Examples:
  kubemu node add big --cpu 64 --memory 256Gi
  kubemu node stop node-2      its heartbeats end: the cluster finds it gone and moves its pods
  kubemu node start node-2`;

interface Where {
  dataDir?: string;
}

type NodeList = KubeObject & { items: Node[] };

/** `kubemu node`: adds, fails and lists the nodes of a running cluster. */
export function nodeCommand(): Command {
  return new Command('node')
    .description('Add, stop, start and list the nodes of a running cluster.')
    .addHelpText('after', EXAMPLES)
    .addCommand(addCommand())
    .addCommand(agentCommand('stop', 'Let nodes fail: no heartbeats, as if their power were cut.', 'stopped'))
    .addCommand(agentCommand('start', 'Let stopped nodes run again.', null))
    .addCommand(listCommand());
}

function addCommand(): Command {
  return new Command('add')
    .description('Add simulated nodes.')
    .argument('<names...>')
    .addOption(dataDirFlag())
    .option('--cpu <quantity>', 'processors')
    .option('--memory <quantity>', 'memory')
    .option('--pods <count>', 'pods it takes')
    .action(async (names: string[], { dataDir = defaultDataDir(), ...capacity }: Where & Record<string, string>) => {
      const api = await connect(dataDir);
      for (const name of names) {
        const metadata = { name, annotations: { [nodeAnnotations.runtime]: 'simulated' } };
        // what is not said is as for the nodes of the start
        await api({ method: 'POST', path: '/api/v1/nodes', body: { apiVersion: 'v1', kind: 'Node', metadata, status: { capacity } } });
        print(`node/${name} added`);
      }
    });
}

function agentCommand(name: string, description: string, state: string | null): Command {
  return new Command(name)
    .description(description)
    .argument('<names...>')
    .addOption(dataDirFlag())
    .action(async (names: string[], { dataDir = defaultDataDir() }: Where) => {
      const api = await connect(dataDir);
      for (const node of names) {
        const body = { metadata: { annotations: { [nodeAnnotations.agent]: state } } };
        await api({
          method: 'PATCH',
          path: `/api/v1/nodes/${encodeURIComponent(node)}`,
          body,
          contentType: 'application/merge-patch+json',
        });
        print(`node/${node} ${state === null ? 'started' : state}`);
      }
    });
}

function listCommand(): Command {
  return new Command('list')
    .alias('ls')
    .description('List nodes.')
    .addOption(dataDirFlag())
    .action(async ({ dataDir = defaultDataDir() }: Where) => {
      const rows = (await nodes(await connect(dataDir))).map((node) => {
        const ready = node.status?.conditions?.find((c) => c.type === 'Ready')?.status;
        const agent = node.metadata.annotations?.[nodeAnnotations.agent] ?? 'running';
        const { cpu = '', memory = '', pods = '' } = node.status?.capacity ?? {};
        const runtime = node.status?.nodeInfo?.containerRuntimeVersion?.split(':')[0] ?? '';
        return [node.metadata.name ?? '', ready === 'True' ? 'Ready' : 'NotReady', agent, runtime, cpu, memory, pods];
      });
      print(table(['NAME', 'STATUS', 'AGENT', 'RUNTIME', 'CPU', 'MEMORY', 'PODS'], rows));
    });
}

async function nodes(api: Api): Promise<Node[]> {
  return (await api<NodeList>({ method: 'GET', path: '/api/v1/nodes' })).items;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
