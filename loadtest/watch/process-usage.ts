import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Resident memory of a process in bytes (Linux). @throws when there is no such process */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`The memory of process ${pid} cannot be read`);
  return Number(kilobytes) * 1024;
}

const TICKS_PER_SECOND = 100;

/** User and system time of a process in ms (proc(5), stat fields 14 and 15). @throws when there is no such process */
export function cpuMs(pid: number): number {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(afterName[11]) + Number(afterName[12])) * 1_000) / TICKS_PER_SECOND;
}

/** The process of ours that listens on a TCP port of this machine (Linux). @throws when none is found */
export function listeningProcess(port: number): number {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeners(table, port)));
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    if (sockets(pid).some((inode) => inodes.has(inode))) return Number(pid);
  throw new Error(`No process of yours listens on port ${port} here`);
}

/** Inodes of the sockets that listen on a port, by the kernel's table: "sl local remote st … inode". */
function listeners(table: string, port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(local) && state === '0A')
    .flatMap((columns) => columns[9] ?? []);
}

function sockets(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    // The process of somebody else, or one that has just ended.
    return [];
  }
}
