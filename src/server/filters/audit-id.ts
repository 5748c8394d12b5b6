import type { Filter } from '../exchange.js';

/** Names the request: the client's own Audit-ID, or a new one. It stands in the answer and in every log line. */
export function auditId(newId: () => string): Filter {
  return (exchange) => {
    const given = exchange.request.headers['audit-id'];
    exchange.auditId = typeof given === 'string' && given !== '' ? given : newId();
    exchange.response.setHeader('Audit-Id', exchange.auditId);
  };
}
