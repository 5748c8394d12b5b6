import { validateChoice } from '../meta/checks.js';
import { type FieldError, type FieldPath, forbidden, required } from '../meta/field-errors.js';
import { validateReviewVersions, validateWebhookClient } from '../shared/webhook-client.js';
import type { CustomResourceConversion } from '../types/apiextensions-v1.gen.js';
import { validateCertificates } from './ca-bundle.js';
import type { Strictness } from './update-strictness.js';

const STRATEGIES = ['None', 'Webhook'];

/** @returns what is wrong with the way from one version to another. The paths are those of v1beta1. */
export function validateConversion(
  conversion: CustomResourceConversion | undefined,
  path: FieldPath,
  strict: Pick<Strictness, 'reviewVersions' | 'caBundle'>,
): FieldError[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  const client = path.child('webhookClientConfig');
  const versions = path.child('conversionReviewVersions');
  const errors = validateChoice(strategy, path.child('strategy'), STRATEGIES);
  if (strategy !== 'Webhook') {
    const text = 'should not be set when strategy is not set to Webhook';
    if (webhook?.clientConfig) errors.push(forbidden(client, text));
    if (webhook?.conversionReviewVersions?.length) errors.push(forbidden(versions, text));
    return errors;
  }
  if (!webhook?.clientConfig) errors.push(required(client, 'required when strategy is set to Webhook'));
  else {
    errors.push(...validateWebhookClient(webhook.clientConfig, client));
    const { caBundle } = webhook.clientConfig;
    if (caBundle && strict.caBundle) errors.push(...validateCertificates(caBundle, client.child('caBundle')));
  }
  return [
    ...errors,
    ...validateReviewVersions(webhook?.conversionReviewVersions ?? [], versions, { requireKnown: strict.reviewVersions, missing: '' }),
  ];
}
