import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpRefusal } from './http-errors.ts';

/** HEAD comes with GET. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Answers 405 to every method but the allowed ones, before a body is read. */
export function refuseOtherMethods(http: FastifyInstance, url: string, allowed: readonly string[]): void {
  const refuse = async (_request: FastifyRequest, reply: FastifyReply) => {
    reply.header('allow', allowed.join(', '));
    throw new HttpRefusal(405, 'BAD_USER_INPUT', `Expected ${allowed.join(' or ')}`);
  };
  const method = METHODS.filter((one) => !allowed.includes(one));
  http.route({ method, url, onRequest: refuse, handler: refuse });
}
