import type { Logger } from '../../util/log.js';
import type { Filter } from '../exchange.js';

/** A line for every request when it is over (--v=2). */
export function accessLog(logger: Logger): Filter {
  return (exchange) => {
    exchange.whenClosed(() => {
      const { request, response, auditId, received, user, info } = exchange;
      logger.debug('request', {
        verb: info.verb,
        uri: request.url,
        code: response.statusCode,
        ms: Math.round((performance.now() - received) * 10) / 10,
        user: user?.username,
        userAgent: request.headers['user-agent'],
        from: request.socket.remoteAddress,
        auditId,
      });
    });
  };
}
