import { labelMatcher } from '../../api/meta/label-selector.js';
import type { LabelSelector } from '../../api/types/meta-v1.gen.js';

/** Whether labels match a selector. */
export type LabelMatcher = ReturnType<typeof labelMatcher>;

/** Stored objects are frozen and shared, so what was made of a selector stays good as long as the selector lives. */
const compiled = new WeakMap<LabelSelector, LabelMatcher>();

/** Tells whether labels match a stored selector; an absent selector matches nothing, as does one that cannot be read. */
export function matcherOf(selector: LabelSelector | undefined): LabelMatcher {
  if (!selector) return () => false;
  let matcher = compiled.get(selector);
  if (!matcher) compiled.set(selector, (matcher = readable(selector)));
  return matcher;
}

function readable(selector: LabelSelector): LabelMatcher {
  try {
    return labelMatcher(selector);
  } catch {
    // validation was less strict when the object was stored
    return () => false;
  }
}
