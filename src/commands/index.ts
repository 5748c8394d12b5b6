// The command line. Every command is a file of its own; this joins them and turns errors into exit codes.
import { Command, CommanderError } from 'commander';
import { UserError } from '../util/user-error.js';
import { apiserverCommand } from './apiserver.js';
import { kubeconfigCommand } from './kubeconfig.js';
import { nodeCommand } from './node.js';
import { type RemoveLeftovers, resetCommand } from './reset.js';
import type { StartCluster } from './run.js';
import { upCommand } from './up.js';
import { versionCommand, versionLine } from './version.js';

/** What the command line drives; loaded only by the commands that need it. */
export interface Parts {
  readonly start: StartCluster;
  readonly removeLeftovers: RemoveLeftovers;
}

const EXAMPLES = `
Examples:
  kubemu up                       start a cluster
  kubemu node stop node-1         let a node fail
  kubemu reset                    remove what it left

A command's own help: kubemu COMMAND --help`;

/**
 * Runs a command.
 * @param args the words after the program's name
 * @returns the exit code: 0, 1 when something failed, 2 when the command line is wrong
 */
export async function run(args: readonly string[], parts: Parts): Promise<number> {
  const program = new Command('kubemu')
    .description('A Kubernetes cluster in one process.')
    .version(versionLine(), '--version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .addCommand(upCommand(parts.start))
    .addCommand(apiserverCommand(parts.start))
    .addCommand(nodeCommand())
    .addCommand(kubeconfigCommand())
    .addCommand(versionCommand())
    .addCommand(resetCommand(parts.removeLeftovers));
  prepare(program);
  outliveReaders();
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return exitCode(error);
  }
}

/** Commands throw instead of ending the process, and do not repeat their help after each error. */
function prepare(command: Command): void {
  command.exitOverride().showSuggestionAfterError().helpCommand(false);
  for (const sub of command.commands) prepare(sub);
}

/** Who read the output may be gone (`kubemu up | head`): no reason to end, least of all in the middle of stopping. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

function exitCode(error: unknown): number {
  // commander has said what is wrong
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError) {
    process.stderr.write(`error: ${error.message}\n`);
    return error.kind === 'usage' ? 2 : 1;
  }
  throw error;
}
