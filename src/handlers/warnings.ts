// Warning headers (RFC 7234 §5.5), as kube-apiserver writes them and kubectl prints them.

/** Above so many characters in all, each warning is cut to MAX_CUT. */
const MAX_TOTAL = 4 * 1024;
const MAX_CUT = 256;

/** The values of the Warning headers for these texts: each text once, in order; texts with control characters are left out. */
export function warningHeaders(texts: readonly string[]): string[] {
  const unique = [...new Set(texts)].filter((text) => text !== '' && !/\p{Cc}/u.test(text)).map((text) => Array.from(text));
  const total = unique.reduce((sum, text) => sum + text.length, 0);
  if (total <= MAX_TOTAL) return unique.map((text) => header(text.join('')));
  const headers: string[] = [];
  let written = 0;
  for (const text of unique) {
    if (written >= MAX_TOTAL) break;
    const cut = text.slice(0, MAX_CUT);
    written += cut.length;
    headers.push(header(cut.join('')));
  }
  return headers;
}

function header(text: string): string {
  // header values travel as single bytes: the bytes of UTF-8, as Go sends them
  return `299 - "${Buffer.from(text.replace(/["\\]/g, '\\$&')).toString('latin1')}"`;
}
