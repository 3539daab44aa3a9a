import { parentPort } from 'node:worker_threads';

let files = 0;

/** A decoder that meets its end, or gets lost, over a file that says so. It takes any other, and names it by how many
 *  it has had. */
parentPort?.on('message', (file: Uint8Array) => {
  if (file[0] === 1) throw new Error('out of bounds');
  if (file[0] === 2) for (;;);
  files += 1;
  const facts = { sopInstanceUID: String(files) };
  parentPort?.postMessage({ kind: 'read', grey: file, columns: 1, rows: 1, facts });
});
