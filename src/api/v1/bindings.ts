import { define } from '../definition.js';
import { bind } from '../shared/pod/binding.js';
import type { Binding } from '../types/core-v1.gen.js';

/** The scheduler's old way to assign a pod to a node: POST bindings instead of pods/<name>/binding. */
export default define<Binding>({
  group: '',
  version: 'v1',
  resource: 'bindings',
  async act(binding, context) {
    const { namespace = '', name } = binding.metadata;
    return (await bind(context, { namespace, name }, binding)) as Binding;
  },
});
