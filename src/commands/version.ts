import { Command, Option } from 'commander';
import { packageVersion, versionInfo } from '../server/version.js';

/** kubemu v0.1.0 (Kubernetes v1.36.3) */
export function versionLine(): string {
  const { gitVersion } = versionInfo();
  return `kubemu v${packageVersion()} (Kubernetes ${gitVersion.split('+')[0]})`;
}

/** `kubemu version`. */
export function versionCommand(): Command {
  return new Command('version')
    .description('Print the version, and that of the Kubernetes API it serves.')
    .addOption(new Option('-o, --output <format>', 'print all of it').choices(['json']))
    .action(({ output }: { output?: string }) => {
      process.stdout.write(
        output === 'json'
          ? `${JSON.stringify({ kubemu: packageVersion(), kubernetes: versionInfo() }, undefined, 2)}\n`
          : `${versionLine()}\n`,
      );
    });
}
