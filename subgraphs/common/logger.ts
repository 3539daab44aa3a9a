import { type Logger, pino, stdSerializers } from 'pino';

/** The one logger of a process: JSON lines on stdout, errors by type, message and stack. Never pass variables,
 *  bodies or names of patients: ids and codes only. */
export function serviceLogger(service: string, level: string): Logger {
  return pino({ name: service, level, base: { service }, serializers: { err: stdSerializers.err } });
}
