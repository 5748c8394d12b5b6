// Compares the OpenAPI documents of two servers, prose apart: node scripts/compare-openapi.mjs REFERENCE_KUBECONFIG OUR_KUBECONFIG
// Only documents that both serve are compared. Exit status 1 when anything differs.
import { execFileSync } from 'node:child_process';

const [reference, ours] = process.argv.slice(2);
if (!reference || !ours) {
  console.error('usage: compare-openapi.mjs REFERENCE_KUBECONFIG OUR_KUBECONFIG');
  process.exit(2);
}

const get = (kubeconfig, path) =>
  JSON.parse(execFileSync('kubectl', ['--kubeconfig', kubeconfig, 'get', '--raw', path], { maxBuffer: 1 << 30 }).toString());

/** Leaves out prose: descriptions that are texts (a field may have that name too). */
function bare(value) {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([k, v]) => (k === 'description' && typeof v === 'string' ? [] : [[k, bare(v)]])),
  );
}

/** Puts shared parameters where they are referred to: their names hold a hash of their prose. */
function expand(document) {
  const { parameters = {}, ...rest } = document;
  const inline = (value) => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.$ref === 'string' && value.$ref.startsWith('#/parameters/'))
      return parameters[value.$ref.slice('#/parameters/'.length)];
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, inline(v)]));
  };
  return { ...rest, paths: inline(rest.paths) };
}

function* differences(a, b, path = '') {
  if (Object.is(a, b)) return;
  const both = typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && Array.isArray(a) === Array.isArray(b);
  if (!both || (Array.isArray(a) && a.length !== b.length)) {
    yield `${path}: want ${JSON.stringify(a)?.slice(0, 200) ?? '(absent)'}, got ${JSON.stringify(b)?.slice(0, 200) ?? '(absent)'}`;
    return;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
    yield* differences(a[key], b[key], `${path}/${key.replaceAll('/', '~1')}`);
}

let count = 0;
function compare(name, a, b) {
  for (const text of differences(bare(a), bare(b))) {
    count++;
    console.log(`${name} ${text}`);
  }
}

const [theirs, mine] = [get(reference, '/openapi/v3').paths, get(ours, '/openapi/v3').paths];
const common = Object.keys(theirs).filter((name) => name in mine);
console.log(
  `v3: ${common.length} documents of ${Object.keys(theirs).length}; ours alone: ${
    Object.keys(mine)
      .filter((name) => !(name in theirs))
      .join(', ') || 'none'
  }`,
);
for (const name of common) compare(name, get(reference, theirs[name].serverRelativeURL), get(ours, mine[name].serverRelativeURL));
const [a, b] = [expand(get(reference, '/openapi/v2')), expand(get(ours, '/openapi/v2'))];
const shared = (record, other) => Object.fromEntries(Object.entries(record).filter(([name]) => name in other));
for (const part of ['paths', 'definitions']) compare(`v2 ${part}`, shared(a[part], b[part]), shared(b[part], a[part]));
console.log(`${count} differences`);
process.exitCode = count === 0 ? 0 : 1;
