// Programs in other languages that have their conversations with a cluster.
import { execFile } from 'node:child_process';

const LIMIT_MS = 600_000;

export interface Ended {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever becomes of it; one that cannot be started has its reason in `stderr`. */
export function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, cwd, maxBuffer: 16 << 20, timeout: LIMIT_MS };
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ failed: error !== null, stdout, stderr: error && stderr === '' ? error.message : stderr }),
    );
  });
}

/** What tools say when a package can neither be found nor fetched. */
const NOTHING_TO_BE_HAD =
  /module lookup disabled|dial tcp|no such host|i\/o timeout|onnection refused|proxyconnect|requires go >= |No matching distribution found|ensurepip is not available|No module named (pip|venv)|temporary failure/i;

/**
 * Why the tests of a program cannot be run on this machine: its tool is missing, or its packages are not to be had.
 * @throws Error when the tool failed for any other reason
 */
export function absence(tool: string, { stderr, stdout }: Ended): string {
  if (stderr.includes('ENOENT')) return `no ${tool} on the PATH`;
  if (NOTHING_TO_BE_HAD.test(stderr + stdout)) return 'its packages cannot be had';
  throw new Error(stdout + stderr);
}

/** Skips all tests of the suite of a hook, and says why in their names: nothing else is seen of a skipped test. */
export function skipAll(context: Mocha.Context, reason: string): never {
  for (const test of context.test?.parent?.tests ?? []) test.title += ` (${reason})`;
  return context.skip() as never;
}
