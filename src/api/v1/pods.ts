import { define } from '../definition.js';
import { semanticEqual } from '../meta/metadata.js';
import { setPodCondition } from '../shared/pod/conditions.js';
import { defaultPod } from '../shared/pod/defaults.js';
import { qosClass } from '../shared/pod/resources.js';
import { podRow } from '../shared/pod/row.js';
import type { Pod } from '../types/core-v1.gen.js';
import { timestamp } from '../../util/clock.js';

export default define<Pod>({
  group: '',
  version: 'v1',
  resource: 'pods',
  generation: true,
  returnDeletedObject: true,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  defaults: defaultPod,
  prepareCreate(pod, { services }) {
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) };
    if (!pod.spec.schedulingGates?.length) return;
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message };
    setPodCondition(pod.status, gated, timestamp(services.clock.now()));
  },
  // a node is assigned through the binding, which leaves the generation as it is
  specChanged: (pod, old) => !semanticEqual({ ...pod.spec, nodeName: undefined }, { ...old.spec, nodeName: undefined }),
  fields: ({ spec, status }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status.phase ?? '',
    'status.podIP': status.podIPs?.[0]?.ip ?? '',
    'status.podIPs': '',
    'status.nominatedNodeName': status.nominatedNodeName ?? '',
  }),
  row: (pod, { now }) => podRow(pod, now),
  gracePeriod(pod, options) {
    const asked = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    const gone = !pod.spec.nodeName || pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded';
    const seconds = gone ? 0 : asked < 0 ? 1 : asked;
    options.gracePeriodSeconds = seconds;
    return seconds;
  },
});
