// What runs when a container has started and before it is stopped (pkg/kubelet/lifecycle).
import type { LifecycleHandler } from '../api/types/core-v1.gen.js';
import { type Clock, sleep } from '../util/clock.js';
import { messageOf } from '../util/errors.js';
import { httpGet } from './network-probes.js';
import { portNumber } from './prober.js';
import type { ContainerRecord, PodRecord } from './records.js';
import type { Runtime } from './runtime.js';
import { podText } from './text.js';

/** Longer than this no hook waits for the answer of a server. */
const HTTP_TIMEOUT = 30_000;

/**
 * Runs a hook of a running container to its end.
 * @throws Error when it fails, worded as the message of a container whose postStart hook has failed
 */
export async function runHook(
  hook: LifecycleHandler,
  { pod, sandbox }: PodRecord,
  { spec, current }: ContainerRecord,
  { runtime, clock }: { readonly runtime: Runtime; readonly clock: Clock },
): Promise<void> {
  const failed = (what: string, why: string) =>
    new Error(`${what} for Container ${JSON.stringify(spec.name)} in Pod ${JSON.stringify(podText(pod))} failed - error: ${why}`);
  if (hook.exec) {
    const command = hook.exec.command ?? [];
    const what = `Exec lifecycle hook (${JSON.stringify(command)})`;
    const { exitCode, output } = await runtime.exec(pod, current?.id ?? '', command, 0).catch((error: unknown) => {
      throw failed(what, messageOf(error));
    });
    if (exitCode !== 0) throw failed(what, `command exited with ${exitCode}, message: ${JSON.stringify(output)}`);
  } else if (hook.httpGet) {
    // simulated containers serve nothing; whatever a server answers is an answer
    if (!runtime.mounts) return;
    await httpGet(hook.httpGet, sandbox?.ip ?? '', (port) => portNumber(spec, port), HTTP_TIMEOUT).catch((error: unknown) => {
      throw failed(`HTTP lifecycle hook (${hook.httpGet?.path ?? ''})`, messageOf(error));
    });
  } else if (hook.sleep) {
    await sleep(clock, Number(hook.sleep.seconds) * 1_000);
  } else {
    throw new Error('Cannot run handler: invalid handler');
  }
}
