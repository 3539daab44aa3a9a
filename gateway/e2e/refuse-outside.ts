/** A preload (`node --import`): writes every address that this process, or a worker of it, connects to, sends to or
 *  asks a name server about, a line of JSON each, to the file `CONNECTIONS_FILE`; what is not this machine is refused. */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

export type Connection = { readonly main: string; readonly how: string; readonly to: string };

const THIS_MACHINE = /^(localhost|127(\.\d+){3}|::1|\/.*)$/;
const file = process.env.CONNECTIONS_FILE ?? '';

function isHere(how: string, to: string): boolean {
  appendFileSync(file, `${JSON.stringify({ main: process.argv[1] ?? '', how, to })}\n`);
  return THIS_MACHINE.test(to);
}

isHere('start', 'localhost');

const connect = net.Socket.prototype.connect as (this: net.Socket, ...given: unknown[]) => net.Socket;
net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
  // Node's own callers give the arguments as one list.
  const [first, second] = Array.isArray(given[0]) ? given[0] : given;
  const { path, host = 'localhost' } =
    typeof first === 'object' && first !== null
      ? (first as { path?: string; host?: string })
      : {
          path: typeof first === 'string' ? first : undefined,
          host: typeof second === 'string' ? second : undefined,
        };
  if (isHere('connect', path ?? host)) return connect.apply(this, given);
  // As a network would: after the caller has begun to listen for errors.
  setImmediate(() => this.destroy(refusal(host)));
  return this;
} as typeof net.Socket.prototype.connect;

const send = dgram.Socket.prototype.send as (this: dgram.Socket, ...given: unknown[]) => void;
dgram.Socket.prototype.send = function (this: dgram.Socket, ...given: unknown[]) {
  const to = given.slice(1).find((value) => typeof value === 'string') ?? 'localhost';
  if (isHere('send', String(to))) send.apply(this, given);
} as typeof dgram.Socket.prototype.send;

type Ask = (name: string, ...rest: unknown[]) => unknown;
for (const how of Object.keys(dns).filter((key) => /^(lookup|resolve|reverse)/.test(key))) {
  const [callbacks, promises] = [dns, dns.promises] as unknown as [Record<string, Ask>, Record<string, Ask>];
  const { [how]: ask } = callbacks;
  const { [how]: askPromise } = promises;
  if (!ask) continue;
  callbacks[how] = (name, ...rest) => {
    if (isHere(how, name)) return ask.call(dns, name, ...rest);
    return process.nextTick(rest.at(-1) as (error: Error) => void, refusal(name));
  };
  if (askPromise)
    promises[how] = (name, ...rest) =>
      isHere(how, name) ? askPromise.call(dns.promises, name, ...rest) : Promise.reject(refusal(name));
}
syncBuiltinESMExports();

function refusal(to: string): Error {
  return Object.assign(new Error(`The test lets nothing go to ${to}`), { code: 'ECONNREFUSED' });
}
