import type { Pool } from 'undici';
import { cpuMs, residentBytes } from '../watch/process-usage.ts';
import { WARD_QUERY } from './ward-subgraphs.ts';

export type Measured = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the gateway alone; absent where /proc is. */
  readonly cpuMsPerRequest?: number;
  readonly residentMb?: number;
};

let ward = 0;

/** Asks once for a ward that nobody asked for before.
 *  @returns the answer's text @throws Error when it is not whole */
export async function askWard(pool: Pool, id = String(++ward)): Promise<string> {
  const { statusCode, body } = await pool.request({
    path: '/graphql',
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: WARD_QUERY, variables: { ward: id } }),
  });
  const text = await body.text();
  if (statusCode !== 200 || text.includes('"errors"'))
    throw new Error(`${statusCode}: ${text.slice(0, 500)}`);
  return text;
}

/** Each connection asks again as soon as it is answered.
 *  @param pid the gateway's process */
export async function closedLoop(
  pool: Pool,
  pid: number,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Measured> {
  const times: number[] = [];
  const cpuBefore = orAbsent(() => cpuMs(pid));
  const began = performance.now();
  const end = began + seconds * 1_000;
  const connection = async () => {
    for (let sent = performance.now(); sent < end; ) {
      await askWard(pool);
      const answered = performance.now();
      times.push(answered - sent);
      sent = answered;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const tookSeconds = (performance.now() - began) / 1_000;
  const cpuAfter = orAbsent(() => cpuMs(pid));
  const resident = orAbsent(() => residentBytes(pid));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return {
    requestsPerSecond: times.length / tookSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    ...(cpuBefore !== undefined &&
      cpuAfter !== undefined && { cpuMsPerRequest: (cpuAfter - cpuBefore) / times.length }),
    ...(resident !== undefined && { residentMb: resident / 2 ** 20 }),
  };
}

function orAbsent(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
