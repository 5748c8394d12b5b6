// What `kubectl get pods` shows of a pod: ready containers, one word for its state, restarts. The rules are those of
// printPod in k8s.io/kubernetes/pkg/printers/internalversion.
import type { ContainerState, ContainerStatus, Pod } from '../../types/core-v1.gen.js';
import { age, humanDuration } from '../format.js';
import { podCondition } from './conditions.js';
import { isSidecar } from './resources.js';

/** Restarts, and the latest end of a container that was restarted, in milliseconds. */
interface Restarts {
  count: number;
  last: number | undefined;
}

interface Summary {
  ready: number;
  restarts: Restarts;
  reason: string;
}

/** Cells of a pod: name, ready, status, restarts, age, IP, node, nominated node, readiness gates. */
export function podRow(pod: Pod, now: number): unknown[] {
  const { spec, status, metadata } = pod;
  const summary = summarize(pod);
  const total = spec.containers.length + (spec.initContainers ?? []).filter(isSidecar).length;
  const { count, last } = summary.restarts;
  const ago = count !== 0 && last !== undefined ? ` (${humanDuration(now - last)} ago)` : '';
  return [
    metadata.name,
    `${summary.ready}/${total}`,
    summary.reason,
    `${count}${ago}`,
    age(pod, now),
    status.podIPs?.[0]?.ip || '<none>',
    spec.nodeName || '<none>',
    status.nominatedNodeName || '<none>',
    readinessGates(pod),
  ];
}

function summarize(pod: Pod): Summary {
  const { status, metadata } = pod;
  const gated = status.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  const summary: Summary = { ready: 0, restarts: none(), reason: gated ? 'SchedulingGated' : status.reason || status.phase || '' };
  const sidecarRestarts = none();
  const initializing = addInitContainers(pod, summary, sidecarRestarts);
  if (!initializing || podCondition({ status }, 'Initialized')?.status === 'True') {
    // once the main containers count, restarts of init containers that are done are forgotten
    summary.restarts = sidecarRestarts;
    addContainers(pod, summary);
  }
  if (metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') summary.reason = 'Terminating';
  }
  return summary;
}

const none = (): Restarts => ({ count: 0, last: undefined });

/** @returns whether an init container has yet to finish, or failed; what comes after it is not looked at */
function addInitContainers({ spec, status }: Pod, summary: Summary, sidecarRestarts: Restarts): boolean {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map((c) => c.name));
  for (const [i, container] of (status.initContainerStatuses ?? []).entries()) {
    const sidecar = sidecars.has(container.name);
    add(summary.restarts, container);
    if (sidecar) add(sidecarRestarts, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) summary.ready++;
      continue;
    }
    summary.reason = `Init:${initReason(container.state) ?? `${i}/${spec.initContainers?.length ?? 0}`}`;
    return true;
  }
  return false;
}

function initReason(state: ContainerState | undefined): string | undefined {
  if (state?.terminated) return endReason(state);
  const reason = state?.waiting?.reason;
  return reason && reason !== 'PodInitializing' ? reason : undefined;
}

function addContainers({ status }: Pod, summary: Summary): void {
  let running = false;
  let error = '';
  for (const container of [...(status.containerStatuses ?? [])].reverse()) {
    add(summary.restarts, container);
    const state = container.state;
    if (state?.waiting?.reason) summary.reason = state.waiting.reason;
    else if (state?.terminated) {
      summary.reason = endReason(state);
      if (state.terminated.exitCode !== 0) error = summary.reason;
    } else if (container.ready && state?.running) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason !== 'Completed') return;
  if (running && podCondition({ status }, 'Ready')?.status === 'True') summary.reason = 'Running';
  else if (error) summary.reason = error;
  else if (running) summary.reason = 'NotReady';
}

function endReason({ terminated }: ContainerState): string {
  if (terminated?.reason) return terminated.reason;
  return terminated?.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated?.exitCode ?? 0}`;
}

function add(restarts: Restarts, container: ContainerStatus): void {
  restarts.count += container.restartCount;
  const finished = container.lastState?.terminated?.finishedAt;
  const at = finished ? Date.parse(finished) : undefined;
  if (at !== undefined && (restarts.last === undefined || at > restarts.last)) restarts.last = at;
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  return `${gates.filter((g) => podCondition({ status }, g.conditionType)?.status === 'True').length}/${gates.length}`;
}
