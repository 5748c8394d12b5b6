import type { MatchResources, MutatingWebhook, ValidatingWebhook } from '../types/admissionregistration-v1.gen.js';

const TIMEOUT = 10;
const HTTPS = 443;

/** Fills in what every webhook has. */
export function setWebhookDefaults(webhook: MutatingWebhook | ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  setMatchDefaults(webhook);
  webhook.timeoutSeconds ??= TIMEOUT;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  const { service } = webhook.clientConfig;
  if (service) service.port ??= HTTPS;
}

function setMatchDefaults(resources: Pick<MatchResources, 'matchPolicy' | 'namespaceSelector' | 'objectSelector'>): void {
  resources.matchPolicy ??= 'Equivalent';
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
}

/** Fills in when a policy or its binding applies. */
export function setPolicyMatchDefaults(resources: MatchResources | undefined): void {
  if (!resources) return;
  setMatchDefaults(resources);
  for (const rule of [...(resources.resourceRules ?? []), ...(resources.excludeResourceRules ?? [])]) rule.scope ??= '*';
}
