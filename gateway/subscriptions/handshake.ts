import type { VerifyClientCallbackAsync } from 'ws';
import { RadiographError } from '#common/errors.ts';
import type { ForeignPages } from '../guard/foreign-pages.ts';
import type { SocketLimit } from '../guard/rate-hook.ts';
import { HTTP_STATUS } from '../http-errors.ts';

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** Decides who may open a WebSocket, which no hook of the framework sees and to which browsers apply no CORS. Callers
 *  that may are counted where there is a limit. */
export function handshake(foreign: ForeignPages, rate: SocketLimit | undefined): VerifyClientCallbackAsync {
  return (info, done) => {
    try {
      foreign.refuseHost(info.req);
      foreign.refuseOrigin(info.req);
    } catch (error) {
      if (!(error instanceof RadiographError)) throw error;
      const { code, message } = error;
      const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
      return done(false, HTTP_STATUS[code] ?? 403, body, JSON_TYPE);
    }
    if (rate) rate.open(info, done);
    else done(true);
  };
}
