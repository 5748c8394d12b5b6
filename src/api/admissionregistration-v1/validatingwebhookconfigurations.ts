import { define } from '../definition.js';
import { strictlyEqual } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import type { ValidatingWebhookConfiguration } from '../types/admissionregistration-v1.gen.js';
import { setWebhookDefaults } from './webhook-defaults.js';
import { validateWebhooks } from './webhook-validation.js';

export default define<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'validatingwebhookconfigurations',
  ownMetadataChecks: { change: false },
  plainFinalizers: true,
  unconditionalUpdate: false,
  generation: true,
  specChanged: ({ webhooks }, old) => !strictlyEqual(webhooks, old.webhooks),
  defaults: ({ webhooks }) => {
    for (const webhook of webhooks ?? []) setWebhookDefaults(webhook);
  },
  validate: ({ webhooks }) => validateWebhooks(webhooks ?? []),
  validateUpdate: ({ webhooks }, old) => validateWebhooks(webhooks ?? [], old.webhooks ?? []),
  row: (configuration, { now }) => [configuration.metadata.name, configuration.webhooks?.length ?? 0, age(configuration, now)],
});
