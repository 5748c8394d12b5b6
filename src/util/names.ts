/** No vowels and nothing that looks like one, so that no word comes out (upstream's safe encoding). */
export const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A generated name is at most this long, so that it is a label value too. */
const MAX_LENGTH = 63;

/** `base` and a random suffix without vowels, as apiserver's names.SimpleNameGenerator makes it. */
export function generateName(base: string, random: () => number): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += SAFE_LETTERS[Math.floor(random() * SAFE_LETTERS.length)];
  return base.slice(0, MAX_LENGTH - SUFFIX_LENGTH) + suffix;
}
