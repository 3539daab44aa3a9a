import type { ServerResponse } from 'node:http';

/** Calls `act` when the answer is over, at once when its client has gone already: the event is then past. */
export function onceClosed(response: ServerResponse, act: () => void): void {
  if (response.destroyed || response.req.socket.destroyed) act();
  else response.once('close', act);
}
