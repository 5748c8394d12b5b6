import type { ObjectReference, Pod } from '../api/types/core-v1.gen.js';
import { type EventRecorder, referenceTo } from '../client/event-recorder.js';
import type { ContainerRecord } from './records.js';

/** Events about a pod and its containers, as the kubelet's recorder makes them. */
export class PodEvents {
  readonly #recorder: EventRecorder;

  constructor(recorder: EventRecorder) {
    this.#recorder = recorder;
  }

  /** An event about a pod as a whole. */
  pod(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#record(referenceTo(pod), type, reason, message);
  }

  /** An event about a container of a pod. */
  container(pod: Pod, container: ContainerRecord, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const list = container.kind === 'main' ? 'containers' : 'initContainers';
    this.#record({ ...referenceTo(pod), fieldPath: `spec.${list}{${container.spec.name}}` }, type, reason, message);
  }

  /** An event about an ephemeral container of a pod. */
  ephemeral(pod: Pod, name: string, reason: string, message: string): void {
    this.#record({ ...referenceTo(pod), fieldPath: `spec.ephemeralContainers{${name}}` }, 'Warning', reason, message);
  }

  #record(reference: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (type === 'Normal') this.#recorder.normal(reference, reason, message);
    else this.#recorder.warning(reference, reason, message);
  }
}
