import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** A client that has not ended its request by then is cut off. */
const LAST_REQUEST_MS = 10_000;

/** Lets a server end as soon as what was asked is answered. `http.close()` closes the connections that are idle, but
 *  waits for one that is kept alive after an answer that came later, and for one on which nothing was asked yet.
 *  @returns begins the end: from then on each answer closes its connection */
export function closingAnswers(http: FastifyInstance): () => void {
  let ending = false;
  const open = new Set<Socket>();
  http.server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  http.addHook('onSend', (_request, reply, _payload, done) => {
    if (ending) reply.header('connection', 'close');
    done();
  });
  return () => {
    ending = true;
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    setTimeout(() => http.server.closeAllConnections(), LAST_REQUEST_MS).unref();
  };
}
