// Formats of names, keys and numbers. Every function returns what is wrong as a list of messages, empty when the value is
// good; messages are those of k8s.io/apimachinery/pkg/util/validation and pkg/api/validate/content.

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const UNDERSCORE_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORE_SUBDOMAIN = `${UNDERSCORE_LABEL}(\\.${UNDERSCORE_LABEL})*`;
const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${KEY})?`;
const C_IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const PERCENT = '[0-9]+%';
const HEADER_NAME = '[-A-Za-z0-9]+';
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const patterns = {
  label: whole(LABEL),
  subdomain: whole(SUBDOMAIN),
  underscoreSubdomain: whole(UNDERSCORE_SUBDOMAIN),
  dns1035: whole(DNS1035),
  wildcard: whole(WILDCARD),
  key: whole(KEY),
  labelValue: whole(LABEL_VALUE),
  cIdentifier: whole(C_IDENTIFIER),
  configKey: whole(CONFIG_KEY),
  percent: whole(PERCENT),
  headerName: whole(HEADER_NAME),
  httpPath: whole(HTTP_PATH),
} as const;

/** Sizes count bytes of UTF-8, as Go's len does. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function maxLengthMessage(max: number): string {
  return `must be no more than ${max} characters`;
}

// labels and annotations are checked by a younger package, which says bytes
function maxBytesMessage(max: number): string {
  return `must be no more than ${max} bytes`;
}

/** `text (e.g. 'a',  or 'b', regex used for validation is '…')`; the odd comma is upstream's. */
function regexMessage(text: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`;
  return `${text} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${pattern}')`;
}

/** `must be between 1 and 65535, inclusive` */
export function rangeMessage(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

const EMPTY = 'must be non-empty';
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

/** @returns what is wrong with the value, in the words of apimachinery; empty: nothing. So do all functions below. */
export function isDNS1123Label(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLengthMessage(63)] : [];
  if (!patterns.label.test(value))
    errors.push(patterns.subdomain.test(value) ? 'must not contain dots' : regexMessage(LABEL_TEXT, LABEL, 'my-name', '123-abc'));
  return errors;
}

/** `example.com`: labels with dots between them (RFC 1123). This rule and those below return messages, none where all is well. */
export function isDNS1123Subdomain(value: string): string[] {
  return subdomain(value, maxLengthMessage(253));
}

function subdomain(value: string, tooLong: string): string[] {
  const errors = byteLength(value) > 253 ? [tooLong] : [];
  if (!patterns.subdomain.test(value)) errors.push(regexMessage(SUBDOMAIN_TEXT, SUBDOMAIN, 'example.com'));
  return errors;
}

/** A subdomain whose labels may have underscores, as in resolv.conf search lists. */
export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (!patterns.underscoreSubdomain.test(value))
    errors.push(regexMessage(SUBDOMAIN_TEXT.replace("characters, '-'", "characters, '_', '-'"), UNDERSCORE_SUBDOMAIN, 'example.com'));
  return errors;
}

/** A DNS label that begins with a letter (RFC 1035). */
export function isDNS1035Label(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLengthMessage(63)] : [];
  const text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  if (!patterns.dns1035.test(value)) errors.push(regexMessage(text, DNS1035, 'my-name', 'abc-123'));
  return errors;
}

/** `*.example.com` */
export function isWildcardDNS1123Subdomain(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  if (!patterns.wildcard.test(value)) errors.push(regexMessage(text, WILDCARD, '*.example.com'));
  return errors;
}

/** A label key: an optional DNS subdomain and a slash, then a name of up to 63 bytes. Also called a qualified name. */
export function isQualifiedName(value: string): string[] {
  const text = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const pattern = regexMessage(text, KEY, 'MyName', 'my.name', '123-abc');
  const parts = value.split('/');
  if (parts.length > 2) return [`a valid label key ${pattern} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const errors: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') errors.push(`prefix part ${EMPTY}`);
    else errors.push(...subdomain(prefix, maxBytesMessage(253)).map((m) => `prefix part ${m}`));
  }
  if (name === '') errors.push(`name part ${EMPTY}`);
  else if (byteLength(name) > 63) errors.push(`name part ${maxBytesMessage(63)}`);
  if (!patterns.key.test(name)) errors.push(`name part ${pattern}`);
  return errors;
}

/** The value of a label; may be empty. */
export function isLabelValue(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxBytesMessage(63)] : [];
  const text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  if (!patterns.labelValue.test(value)) errors.push(regexMessage(text, LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  return errors;
}

/** The name of a variable in C. */
export function isCIdentifier(value: string): string[] {
  const text = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return patterns.cIdentifier.test(value) ? [] : [regexMessage(text, C_IDENTIFIER, 'my_name', 'MY_NAME', 'MyName')];
}

/** What pods may use as the name of an environment variable since v1.34. */
export function isRelaxedEnvVarName(value: string): string[] {
  const errors = value === '' ? [`environment variable name ${EMPTY}`] : [];
  if (!/^[ -<>-~]*$/.test(value))
    errors.push("a valid environment variable name must consist only of printable ASCII characters other than '='");
  return errors;
}

/** A key in the data of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  if (!patterns.configKey.test(value)) errors.push(regexMessage(text, CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name'));
  return [...errors, ...parentDirectory(value)];
}

function parentDirectory(value: string): string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** A number between two, both inclusive. */
export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [rangeMessage(low, high)];
}

/** 1…65535 */
export function isPortNumber(port: number): string[] {
  return isInRange(port, 1, 65535);
}

/** A user's or group's id. */
export function isUserID(id: number): string[] {
  return isInRange(id, 0, 2147483647);
}

/** An IANA service name: what a container port or a service's targetPort may be called. */
export function isPortName(value: string): string[] {
  const errors = byteLength(value) > 15 ? [maxLengthMessage(15)] : [];
  if (!/^[-a-z0-9]+$/.test(value)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** `25%` */
export function isPercent(value: string): string[] {
  const text = "a valid percent string must be a numeric string followed by an ending '%'";
  return patterns.percent.test(value) ? [] : [regexMessage(text, PERCENT, '1%', '93%')];
}

/** A header's name, as upstream lets it be. */
export function isHTTPHeaderName(value: string): string[] {
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return patterns.headerName.test(value) ? [] : [regexMessage(text, HEADER_NAME, 'X-Header-Name')];
}

/** The path after the slash of a domain-prefixed path (`acme.io/foo`). */
export function isHTTPPath(value: string): string[] {
  return patterns.httpPath.test(value) ? [] : [regexMessage('Invalid path', HTTP_PATH)];
}

/** What can stand in a URL as one segment; `prefix`: an ending will be added. */
export function isPathSegmentName(value: string, prefix = false): string[] {
  if (!prefix && (value === '.' || value === '..')) return [`may not be '${value}'`];
  return ['/', '%'].filter((c) => value.includes(c)).map((c) => `may not contain '${c}'`);
}

/** How a kind's names are checked; `prefix`: the value is a generateName. */
export type NameRule = (name: string, prefix: boolean) => string[];

export const nameIsDNSSubdomain: NameRule = (name, prefix) => isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name);
/** A younger rule: it asks nothing of a prefix, and counts bytes. */
export const nameIsLongName: NameRule = (name, prefix) => (prefix ? [] : subdomain(name, maxBytesMessage(253)));
export const nameIsDNSLabel: NameRule = (name, prefix) => isDNS1123Label(prefix ? maskTrailingDash(name) : name);
export const nameIsPathSegment: NameRule = (name, prefix) => isPathSegmentName(name, prefix);

// a generateName may end in a dash, since a random suffix follows
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

const HEX = /^[0-9a-fA-F]*$/;
const DASHED = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** @returns why github.com/google/uuid takes a text for none; undefined: it is one */
export function uuidProblem(text: string): string | undefined {
  const format = (of: string): string | undefined => (DASHED.test(of) ? undefined : 'invalid UUID format');
  switch (byteLength(text)) {
    case 36:
      return format(text);
    case 45:
      return text.slice(0, 9).toLowerCase() === 'urn:uuid:'
        ? format(text.slice(9))
        : `invalid urn prefix: ${JSON.stringify(text.slice(0, 9))}`;
    case 38:
      return text.startsWith('{') && text.endsWith('}') ? format(text.slice(1, -1)) : 'invalid bracketed UUID format';
    case 32:
      return HEX.test(text) ? undefined : 'invalid UUID format';
    default:
      return `invalid UUID length: ${byteLength(text)}`;
  }
}
