import { createPrivateKey, X509Certificate } from 'node:crypto';
import { define } from '../definition.js';
import { invalids } from '../meta/checks.js';
import { at, type FieldError, invalid, required, tooLong } from '../meta/field-errors.js';
import { validateImmutable } from '../meta/metadata.js';
import { isConfigMapKey } from '../meta/names.js';
import { validateDataFrozen } from '../shared/data.js';
import { age } from '../shared/format.js';
import { ACCOUNT_NAME } from '../shared/legacy-tokens.js';
import { jsonSyntaxError } from '../shared/go-json.js';
import type { Secret } from '../types/core-v1.gen.js';

const MAX_SIZE = 1024 * 1024;
const DATA = at('data');

export default define<Secret>({
  group: '',
  version: 'v1',
  resource: 'secrets',
  selectableFields: ['type'],
  fields: (secret) => ({ type: secret.type ?? '' }),
  defaults: (secret) => {
    secret.type ||= 'Opaque';
    if (!secret.stringData) return;
    secret.data ??= {};
    for (const [key, text] of Object.entries(secret.stringData)) secret.data[key] = Buffer.from(text).toString('base64');
    secret.stringData = undefined;
  },
  validate,
  validateUpdate: (secret, old) => [
    ...validateImmutable(secret.type ?? '', old.type ?? '', at('type')),
    ...validateDataFrozen(secret, old),
    ...validate(secret),
  ],
  warnings: (secret) => (secret.type === 'kubernetes.io/tls' ? keyPairWarnings(secret) : []),
  row: (secret, { now }) => [secret.metadata.name, secret.type, Object.keys(secret.data ?? {}).length, age(secret, now)],
});

function validate(secret: Secret): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    errors.push(...invalids(DATA.key(key), key, isConfigMapKey(key)));
    size += Buffer.byteLength(value, 'base64');
  }
  if (size > MAX_SIZE) errors.push(tooLong(DATA, MAX_SIZE));
  return [...errors, ...validateType(secret)];
}

/** What the built-in types ask of the data (https://kubernetes.io/docs/concepts/configuration/secret/#secret-types). */
function validateType({ type, data = {}, metadata }: Secret): FieldError[] {
  const missing = (key: string) => (Object.hasOwn(data, key) ? [] : [required(DATA.key(key))]);
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return metadata.annotations?.[ACCOUNT_NAME] ? [] : [required(at('metadata', 'annotations').key(ACCOUNT_NAME))];
    case 'kubernetes.io/dockercfg':
      return validateJsonObject(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJsonObject(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth': {
      const errors = [...missing('username'), ...missing('password')];
      return errors.length === 2 ? errors : [];
    }
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required(DATA.key('ssh-privatekey'))];
    case 'kubernetes.io/tls':
      return [...missing('tls.crt'), ...missing('tls.key')];
    default:
      return [];
  }
}

function validateJsonObject(data: Readonly<Record<string, string>>, key: string): FieldError[] {
  const value = data[key];
  if (value === undefined) return [required(DATA.key(key))];
  const problem = jsonSyntaxError(Buffer.from(value, 'base64').toString());
  return problem === undefined ? [] : [invalid(DATA.key(key), '<secret contents redacted>', problem)];
}

/** Whether certificate and key belong together; texts of Go's crypto/tls. */
function keyPairWarnings({ data = {} }: Secret): string[] {
  const certificate = pemOf(data['tls.crt']);
  const key = pemOf(data['tls.key']);
  if (blockTypes(certificate).length === 0) return ['tls: failed to find any PEM data in certificate input'];
  if (!blockTypes(certificate).includes('CERTIFICATE')) return [switchedOrUnknown(certificate)];
  if (blockTypes(key).length === 0) return ['tls: failed to find any PEM data in key input'];
  const found = blockTypes(key);
  if (!found.some(isKeyType)) {
    if (found.length === 1 && found[0] === 'CERTIFICATE')
      return ['tls: found a certificate rather than a key in the PEM for the private key'];
    return [
      `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${found.join(' ')}]`,
    ];
  }
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch {
    return ['x509: malformed certificate'];
  }
  try {
    return parsed.checkPrivateKey(createPrivateKey(key)) ? [] : ['tls: private key does not match public key'];
  } catch {
    return ['tls: failed to parse private key'];
  }
}

function pemOf(value: string | undefined): string {
  return Buffer.from(value ?? '', 'base64').toString('latin1');
}

function switchedOrUnknown(certificate: string): string {
  const found = blockTypes(certificate);
  if (found.length === 1 && found.some(isKeyType))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${found.join(' ')}]`;
}

function isKeyType(type: string): boolean {
  return type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY');
}

function blockTypes(pem: string): string[] {
  return [...pem.matchAll(/-----BEGIN ([^-]*)-----/g)].map((m) => m[1] as string);
}
