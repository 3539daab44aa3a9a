import type { IncomingMessage } from 'node:http';
import type { Caller } from '#common/caller.ts';
import type { Authentication } from './authentication.ts';
import type { CallerAddress } from './caller-address.ts';

/** For whom requests are counted: the subject of a valid token, since a hospital's callers share one address; else the
 *  address, so that bad tokens are limited too. */
export type CallerName = {
  ofRequest(request: IncomingMessage): Promise<string>;
  /** Of an operation on a socket, whose caller is known already. */
  ofCaller(caller: Caller, request: IncomingMessage): string;
};

export function callerName(authenticate: Authentication, addressOf: CallerAddress): CallerName {
  const ofCaller = ({ subject, scopes }: Caller, request: IncomingMessage) =>
    scopes === 'all' ? addressOf(request) : `subject ${subject}`;
  return {
    ofCaller,
    ofRequest: (request) =>
      authenticate(request.headers.authorization).then(
        (caller) => ofCaller(caller, request),
        () => addressOf(request),
      ),
  };
}
