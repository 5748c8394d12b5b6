// Formats of strings, as k8s.io/kube-openapi/pkg/validation/strfmt knows them. Unknown formats are not checked.
import { isIP } from 'node:net';
import type { Schema } from './schema.js';

const OCTET = '(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])';
const RGB = new RegExp(`^rgb\\(\\s*${OCTET}\\s*,\\s*${OCTET}\\s*,\\s*${OCTET}\\s*\\)$`);
const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;
const CARD =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const DATE_TIME = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/;
const GO_DURATION = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
/** Beginnings of the units that Scala's durations know besides Go's, and the short ones in full. */
const DURATION_UNITS = /^(?:ns|us|µs|ms|s|m|h|hr|d|w|wk|nano.*|micro.*|milli.*|sec.*|min.*|hour.*|day.*|week.*)$/;
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\u{10ffff}-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const EMAIL = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|${QUOTED})@(?:${ATOM}(?:\\.${ATOM})*|\\[[^\\]]*\\])$`, 'u');
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

const uuid = (version: string, variant = '[0-9a-f]'): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');
const matches =
  (shape: RegExp) =>
  (text: string): boolean =>
    shape.test(text);

/** By the format's name without dashes, as upstream looks it up. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: isRequestUri,
  email: isEmail,
  hostname: (text) => HOSTNAME.test(text) && Buffer.byteLength(text) <= 255 && text.split('.').every((p) => Buffer.byteLength(p) <= 63),
  ipv4: (text) => isAddress(text) && text.includes('.'),
  ipv6: (text) => isAddress(text) && text.includes(':'),
  cidr: isCidr,
  mac: isMac,
  uuid: matches(uuid('[0-9a-f]')),
  uuid3: matches(uuid('3')),
  uuid4: matches(uuid('4', '[89ab]')),
  uuid5: matches(uuid('5', '[89ab]')),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matches(RGB),
  byte: matches(BASE64),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && LABEL.test(text),
  k8slongname: (text) => text.length <= 253 && text.split('.').every((part) => LABEL.test(part)),
};

function named(format: string): ((text: string) => boolean) | undefined {
  const name = format.replaceAll('-', '');
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
}

/** The schema's format where its type has such a one; "" else. */
export function formatOf(schema: Schema): string {
  const { format = '', type = '' } = schema;
  if (format === '' || schema['x-kubernetes-int-or-string']) return named(format) ? format : '';
  const known =
    type === '' || type === 'string'
      ? named(format) !== undefined
      : type === 'integer'
        ? ['int32', 'int64'].includes(format)
        : type === 'number' && ['float', 'double'].includes(format);
  return known ? format : '';
}

/** Whether a text is of a format; one of no format known is. */
export function hasFormat(format: string, text: string): boolean {
  return named(format)?.(text) ?? true;
}

/** Whether a format checks texts. */
export function isTextFormat(format: string): boolean {
  return named(format) !== undefined;
}

/** Go's net.ParseIP as it once was: numbers of IPv4 addresses may begin with zeros. */
function isAddress(text: string): boolean {
  return isIP(/^[\d.]+$/.test(text) ? text.replace(/(^|\.)0+(?=\d)/g, '$1') : text) !== 0 && !text.includes('%');
}

function isCidr(text: string): boolean {
  const [address = '', length = '', ...more] = text.split('/');
  return more.length === 0 && isAddress(address) && /^\d+$/.test(length) && Number(length) <= (address.includes(':') ? 128 : 32);
}

function isMac(text: string): boolean {
  if (/^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i.test(text)) return [14, 19, 49].includes(text.length);
  return /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2})+$/i.test(text) && [17, 23, 59].includes(text.length);
}

function digits(text: string): string {
  return text.replace(/[\s-]+/g, '');
}

function isIsbn10(text: string): boolean {
  const isbn = digits(text);
  if (!/^(?:\d{9}X|\d{10})$/.test(isbn)) return false;
  const sum = Array.from(isbn).reduce((total, c, i) => total + (i + 1) * (c === 'X' ? 10 : Number(c)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const isbn = digits(text);
  if (!/^\d{13}$/.test(isbn)) return false;
  return Array.from(isbn).reduce((total, c, i) => total + (i % 2 === 0 ? 1 : 3) * Number(c), 0) % 10 === 0;
}

function isCreditCard(text: string): boolean {
  const card = text.replace(/[^0-9]+/g, '');
  if (!CARD.test(card)) return false;
  const sum = Array.from(card)
    .reverse()
    .reduce((total, c, i) => {
      const doubled = Number(c) * (i % 2 === 1 ? 2 : 1);
      return total + (doubled >= 10 ? (doubled % 10) + 1 : doubled);
    }, 0);
  return sum % 10 === 0;
}

/** Go's url.ParseRequestURI: an absolute URI, or an absolute path. */
function isRequestUri(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) return false;
  if (text === '*') return true;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  if (!rest.startsWith('/')) return scheme !== '';
  const authority = scheme !== '' ? /^\/\/([^/?]*)/.exec(rest)?.[1] : undefined;
  if (authority !== undefined && !/^(?:[^\s<>"\\^`{|}@]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s<>"\\^`{|}[\]:]*)(?::\d*)?$/.test(authority))
    return false;
  return !/%(?![0-9A-Fa-f]{2})/.test(rest.split('?')[0] as string);
}

/** Go's mail.ParseAddress: `user@example.com`, `Name <user@example.com>`. */
function isEmail(text: string): boolean {
  const trimmed = text.trim();
  if (EMAIL.test(trimmed)) return true;
  const named = endOfPhrase(trimmed);
  return trimmed[named] === '<' && trimmed.endsWith('>') && EMAIL.test(trimmed.slice(named + 1, -1));
}

/** Where the words end that a text begins with. Read piece by piece: one expression for all of them would try every way to cut them. */
function endOfPhrase(text: string): number {
  const piece = new RegExp(`(?:${ATOM}|${QUOTED}|[.\\s]+)`, 'uy');
  let end = 0;
  while (piece.test(text)) end = piece.lastIndex;
  return end;
}

function isDate(text: string): boolean {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!found) return false;
  const [, year, month, day] = found.map(Number) as [number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return month >= 1 && day >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t');
  if (time === undefined || !isDate(date)) return false;
  const found = DATE_TIME.exec(time);
  return found !== null && (found[1] ?? '') <= '23' && (found[2] ?? '') <= '59' && (found[3] ?? '') <= '59';
}

function isDuration(text: string): boolean {
  if (GO_DURATION.test(text)) return true;
  return [...text.matchAll(/(?<!\d)\d+\s*([A-Za-zµ]+)/g)].some(([, unit = '']) => DURATION_UNITS.test(unit.toLowerCase()));
}
