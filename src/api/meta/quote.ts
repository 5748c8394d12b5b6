/** A text as Go quotes it with %q: what cannot be printed is written by its code, letters of all scripts stay. */
export function goQuote(text: string): string {
  return JSON.stringify(text)
    .replace(/\\u00([01][0-9a-f])/g, '\\x$1')
    .replaceAll('\x7f', '\\x7f');
}

/** A list of texts as Go's %q prints a slice: `["a" "b"]`. */
export function goQuoteList(list: readonly string[]): string {
  return `[${list.map(goQuote).join(' ')}]`;
}
