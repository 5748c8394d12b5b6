import { badRequest } from './errors.js';
import { isPathSegmentName } from './names.js';
import { goQuote } from './quote.js';

/** Names become parts of storage keys. @throws ApiError BadRequest for one that cannot, in the words of upstream's stores */
export function checkKeyName(name: string): void {
  if (name === '') throw badRequest('Name parameter required.');
  const wrong = isPathSegmentName(name);
  if (wrong.length > 0) throw badRequest(`Name parameter invalid: ${goQuote(name)}: ${wrong.join(';')}`);
}
