// Base64 as Go's encoding/base64 (StdEncoding) reads it: line breaks are skipped, padding is required, and what is wrong is
// told by the index of the byte.

const CANONICAL = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
const DIGIT = /[A-Za-z0-9+/]/;

/** A text that is no base64. The message is Go's. */
export class Base64Error extends Error {}

/** The text Go writes for the bytes of `text`. @throws Base64Error */
export function canonicalBase64(text: string): string {
  if (CANONICAL.test(text)) return text;
  const wrong = firstWrongByte(text);
  if (wrong !== undefined) throw new Base64Error(`illegal base64 data at input byte ${wrong}`);
  return Buffer.from(text, 'base64').toString('base64');
}

/** Where Go's decoder stops, quantum by quantum; undefined when it reads the whole text. */
function firstWrongByte(text: string): number | undefined {
  const skipBreaks = (from: number): number => {
    let i = from;
    while (text[i] === '\n' || text[i] === '\r') i++;
    return i;
  };
  let at = 0;
  for (;;) {
    at = skipBreaks(at);
    if (at >= text.length) return undefined;
    for (let digits = 0; digits < 4; digits++) {
      at = skipBreaks(at);
      // Go names the start of the quantum when the text ends within it
      if (at >= text.length) return text.length - digits;
      const char = text[at] ?? '';
      if (DIGIT.test(char)) {
        at++;
        continue;
      }
      if (char !== '=' || digits < 2) return at;
      at = skipBreaks(at + 1);
      if (digits === 2) {
        if (at >= text.length) return text.length;
        if (text[at] !== '=') return at - 1;
        at = skipBreaks(at + 1);
      }
      return at < text.length ? at : undefined;
    }
  }
}
