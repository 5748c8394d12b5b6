// IP addresses and CIDRs as the API reads, writes and judges them.
import { type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';

/** The families of addresses. */
export type Family = 'IPv4' | 'IPv6';

/** A parsed address. `::ffff:10.0.0.1` is the IPv4 address 10.0.0.1 with `mapped` set, as in Go's net package. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
  /** Written as an IPv4-mapped IPv6 address. */
  readonly mapped: boolean;
  /** Written with leading zeros that strict parsers refuse. */
  readonly sloppy: boolean;
}

/** A parsed CIDR. `value` is the address as written, `base` the first of the network. */
export interface Prefix extends Address {
  readonly base: bigint;
  readonly length: number;
}

const WIDTH = { IPv4: 32, IPv6: 128 } as const;
const MAPPED = 0xffffn;

function parseIPv4(text: string): { value: bigint; sloppy: boolean } | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((p) => /^\d+$/.test(p) && Number(p) <= 255)) return undefined;
  return { value: parts.reduce((sum, p) => sum * 256n + BigInt(p), 0n), sloppy: parts.some((p) => p.length > 1 && p.startsWith('0')) };
}

function parseIPv6(text: string): { value: bigint; sloppy: boolean } | undefined {
  let sloppy = false;
  let source = text;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const tail = parseIPv4(dotted[2] as string);
    if (!tail) return undefined;
    sloppy = tail.sloppy;
    source = `${dotted[1]}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[] | undefined];
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])];
  if (!groups.every((g) => /^[0-9a-fA-F]+$/.test(g) && Number.parseInt(g, 16) <= 0xffff)) return undefined;
  return { value: groups.reduce((sum, g) => (sum << 16n) | BigInt(`0x${g}`), 0n), sloppy: sloppy || groups.some((g) => g.length > 4) };
}

/** @returns undefined for what is no address; leading zeros are accepted (and marked), zones are not */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const v4 = parseIPv4(text);
    return v4 && { family: 'IPv4', mapped: false, ...v4 };
  }
  const v6 = parseIPv6(text);
  if (!v6) return undefined;
  if (v6.value >> 32n === MAPPED) return { family: 'IPv4', value: v6.value & 0xffffffffn, mapped: true, sloppy: v6.sloppy };
  return { family: 'IPv6', mapped: false, ...v6 };
}

/** @returns undefined for what is no CIDR */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!address || !/^\d+$/.test(digits)) return undefined;
  const length = Number(digits) - (address.mapped ? 96 : 0);
  const width = WIDTH[address.family];
  if (length < 0 || length > width) return undefined;
  const base = (address.value >> BigInt(width - length)) << BigInt(width - length);
  return { ...address, base, length, sloppy: address.sloppy || (digits.length > 1 && digits.startsWith('0')) };
}

/** The canonical text of an address (RFC 5952). */
export function addressText(family: Family, value: bigint): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let [best, bestLength] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (groups[end] === '0') end++;
    if (end - i > bestLength) [best, bestLength] = [i, end - i];
  }
  if (best < 0) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`;
}

/** The canonical text of a network. */
export function prefixText(prefix: Prefix): string {
  return `${addressText(prefix.family, prefix.base)}/${prefix.length}`;
}

/** Whether a network holds an address. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  const hostBits = BigInt(WIDTH[prefix.family] - prefix.length);
  return prefix.family === address.family && address.value >> hostBits === prefix.base >> hostBits;
}

/** The last address of a network. */
export function lastOf(prefix: Prefix): bigint {
  return prefix.base + (1n << BigInt(WIDTH[prefix.family] - prefix.length)) - 1n;
}

/** The family of an address that was found valid; what is no address counts as IPv4. */
export function familyOf(text: string): Family {
  return parseAddress(text)?.family ?? 'IPv4';
}

const NOT_AN_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const NOT_AN_INTERFACE_ADDRESS = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
const NOT_A_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/**
 * Fields older than the strict rules: any spelling but leading zeros and IPv4-mapped addresses, and also what the old
 * object already has (`accepted`). KEP-4858.
 */
export function validateIP(text: string, path: FieldPath, accepted: readonly string[] = []): FieldError[] {
  if (accepted.includes(text)) return [];
  const address = parseAddress(text);
  if (!address) return [invalid(path, text, NOT_AN_IP)];
  const errors: FieldError[] = [];
  if (address.sloppy) errors.push(invalid(path, text, 'must not have leading 0s'));
  else if (address.mapped) errors.push(invalid(path, text, 'must not be an IPv4-mapped IPv6 address'));
  return errors;
}

/** Newer fields: the canonical spelling only. */
export function validateCanonicalIP(text: string, path: FieldPath): FieldError[] {
  const errors = validateIP(text, path);
  const address = parseAddress(text);
  if (errors.length > 0 || !address) return errors;
  const canonical = addressText(address.family, address.value);
  return canonical === text ? [] : [invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** An address with the length of its network, in the canonical spelling. */
export function validateInterfaceAddress(text: string, path: FieldPath): FieldError[] {
  const prefix = parsePrefix(text);
  if (!prefix) return [invalid(path, text, NOT_AN_INTERFACE_ADDRESS)];
  const canonical = `${addressText(prefix.family, prefix.value)}/${prefix.length}`;
  return canonical === text ? [] : [invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** As validateIP, for CIDRs. */
export function validateCIDR(text: string, path: FieldPath, accepted: readonly string[] = []): FieldError[] {
  if (accepted.includes(text)) return [];
  const prefix = parsePrefix(text);
  if (!prefix) return [invalid(path, text, NOT_A_CIDR)];
  if (prefix.sloppy) return [invalid(path, text, 'must not have leading 0s in IP or prefix length')];
  if (prefix.mapped) return [invalid(path, text, 'must not have an IPv4-mapped IPv6 address')];
  if (prefix.base !== prefix.value) return [invalid(path, text, 'must not have bits set beyond the prefix length')];
  return [];
}

/** As validateCanonicalIP, for CIDRs. */
export function validateCanonicalCIDR(text: string, path: FieldPath): FieldError[] {
  const errors = validateCIDR(text, path);
  const prefix = parsePrefix(text);
  if (errors.length > 0 || !prefix) return errors;
  const canonical = prefixText(prefix);
  return canonical === text ? [] : [invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** Endpoints and external IPs: no address that is special to one host or one link. */
export function validateEndpointIP(text: string, path: FieldPath): FieldError[] {
  const address = parseAddress(text);
  if (!address) return [invalid(path, text, 'must be a valid IP address')];
  const { value } = address;
  const v4 = address.family === 'IPv4';
  const errors: FieldError[] = [];
  if (value === 0n) errors.push(invalid(path, text, `may not be unspecified (${text})`));
  if (v4 ? value >> 24n === 127n : value === 1n)
    errors.push(invalid(path, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  if (v4 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan)
    errors.push(invalid(path, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  if (v4 ? value >> 8n === 0xe00000n : value >> 120n === 0xffn && ((value >> 112n) & 0xfn) === 2n)
    errors.push(invalid(path, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  return errors;
}

/** Warnings for unusual spellings in fields that validateIP checks. */
export function warningsForIP(path: FieldPath, text: string): string[] {
  const address = parseAddress(text);
  if (!address) return [];
  const canonical = addressText(address.family, address.value);
  if (address.sloppy || address.mapped)
    return [`${path.toString()}: non-standard IP address ${JSON.stringify(text)} is invalid: use ${JSON.stringify(canonical)}`];
  if (address.family === 'IPv6' && canonical !== text)
    return [
      `${path.toString()}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
    ];
  return [];
}

/** As warningsForIP, for CIDRs. */
export function warningsForCIDR(path: FieldPath, text: string): string[] {
  const prefix = parsePrefix(text);
  if (!prefix) return [];
  const quoted = JSON.stringify(text);
  const canonical = JSON.stringify(prefixText(prefix));
  const warnings: string[] = [];
  if (prefix.base !== prefix.value) {
    const single = `${addressText(prefix.family, prefix.value)}/${WIDTH[prefix.family]}`;
    warnings.push(
      `${path.toString()}: CIDR value ${quoted} is ambiguous in this context (should be ${canonical} or ${JSON.stringify(single)}?)`,
    );
  }
  if (prefix.sloppy || prefix.mapped) warnings.push(`${path.toString()}: non-standard CIDR value ${quoted} is invalid: use ${canonical}`);
  if (warnings.length === 0 && prefix.family === 'IPv6' && canonical !== quoted)
    warnings.push(`${path.toString()}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${canonical})`);
  return warnings;
}
