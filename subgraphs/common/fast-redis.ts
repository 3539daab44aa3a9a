import { Redis } from 'ioredis';

/** A Redis that is slower is worth less than an answer without it. */
const COMMAND_MS = 50;
const SILENT_SOCKET_MS = 250;

/** A connection for what can be done without Redis too: a command fails within 50 ms whatever state the server is in,
 *  refused, cut off, or connected and mute; nothing waits for a connection.
 *  @param tell is told when the server is gone, and when it is there again */
export function fastRedis(url: string, tell: (isThere: boolean) => void): Redis {
  const redis = new Redis(url, {
    commandTimeout: COMMAND_MS,
    socketTimeout: SILENT_SOCKET_MS,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  let wasThere = true;
  const seen = (isThere: boolean) => {
    if (isThere === wasThere) return;
    wasThere = isThere;
    tell(isThere);
  };
  redis.on('ready', () => seen(true));
  redis.on('close', () => seen(false));
  // Without a listener the library prints it, with the address.
  redis.on('error', () => seen(false));
  return redis;
}
