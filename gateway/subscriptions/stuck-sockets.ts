import type { Socket } from 'node:net';

/** Closes sockets whose other end has stopped reading. */
export type StuckSockets = Disposable & {
  /** @param close lets go of the socket @returns a function that ends the watch */
  watch(socket: Socket, close: () => void): () => void;
};

const LOOKS = 6;

/** A socket that has something to send and sends nothing of it for `patienceMs` is closed: what waits in it, and
 *  the stream behind it, would stay for as long as the other end likes. */
export function stuckSockets(patienceMs: number): StuckSockets {
  const watched = new Map<Socket, { sent: number; since: number; close: () => void }>();
  const look = () => {
    const now = performance.now();
    for (const [socket, last] of watched) {
      const sent = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || sent !== last.sent) {
        last.sent = sent;
        last.since = now;
      } else if (now - last.since >= patienceMs) last.close();
    }
  };
  const timer = setInterval(look, patienceMs / LOOKS);
  timer.unref();
  return {
    watch(socket, close) {
      const unwatch = () => {
        watched.delete(socket);
        socket.off('close', unwatch);
      };
      watched.set(socket, { sent: socket.bytesWritten, since: performance.now(), close });
      socket.once('close', unwatch);
      return unwatch;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
