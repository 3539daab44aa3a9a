import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [ADDRESS, INTERNET] = [1, 1];
const HEADER_BYTES = 12;
const TTL_SECONDS = 1;

/** Answers for the names of services, as the name server of a container network does: each replica is an address. */
export type NameServer = AsyncDisposable & { readonly port: number };

/** @param names the addresses (IPv4) that each name has now */
export async function startNameServer(names: ReadonlyMap<string, readonly string[]>): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => socket.send(answerTo(query, names), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** RFC 1035, section 4: one question, and for it what `names` says; other types of records there are none of. */
function answerTo(query: Buffer, names: ReadonlyMap<string, readonly string[]>): Buffer {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  const type = query.readUInt16BE(at + 1);
  const known = names.get(labels.join('.').toLowerCase());
  const addresses = type === ADDRESS ? (known ?? []) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  const [anAuthority, noSuchName] = [0x8400, known ? 0 : 3];
  header.writeUInt16BE(anAuthority | noSuchName, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // The name is that of the question, at byte 12.
    record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
    record.writeUInt16BE(ADDRESS, 2);
    record.writeUInt16BE(INTERNET, 4);
    record.writeUInt32BE(TTL_SECONDS, 6);
    record.writeUInt16BE(4, 10);
    Buffer.from(address.split('.').map(Number)).copy(record, 12);
    return record;
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records]);
}
