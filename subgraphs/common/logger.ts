import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { requestScope } from './request-scope.ts';

/** The one logger of a process: JSON lines on stdout, errors by type, message and stack. Each line of a request has its
 *  id, and where it is traced the id of its trace. Never pass variables, bodies or names of patients: ids and codes only. */
export function serviceLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const serializers = { err: fault };
  return pino({ name: service, level, base: { service }, serializers, mixin: requestFields }, destination);
}

/** Of an error no other fields: libraries put there what they were about, such as the claims of a token or the values of
 *  a row. Its causes are in the message and the stack. */
function fault(error: Error) {
  const { type, message, stack, code } = stdSerializers.err(error);
  return { type, message, stack, code };
}

function requestFields(): object {
  const scope = requestScope();
  if (!scope) return {};
  const { requestId, span } = scope;
  return span ? { requestId, traceId: span.traceId } : { requestId };
}
