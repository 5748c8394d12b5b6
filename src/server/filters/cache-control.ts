import type { Filter } from '../exchange.js';

/** Answers depend on who asks: no cache between may keep them. Handlers may say otherwise (OpenAPI documents). */
export function cacheControl(): Filter {
  return ({ response }) => {
    response.setHeader('Cache-Control', 'no-cache, private');
  };
}
