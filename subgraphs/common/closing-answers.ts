import type { FastifyInstance } from 'fastify';

/** Lets a server end as soon as what was asked is answered. `http.close()` closes the connections that are idle, but
 *  waits for one that is kept alive after an answer that came later.
 *  @returns begins the end: from then on each answer closes its connection */
export function closingAnswers(http: FastifyInstance): () => void {
  let ending = false;
  http.addHook('onSend', (_request, reply, _payload, done) => {
    if (ending) reply.header('connection', 'close');
    done();
  });
  return () => {
    ending = true;
  };
}
