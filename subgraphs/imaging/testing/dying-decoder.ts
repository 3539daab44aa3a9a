import { parentPort } from 'node:worker_threads';

/** A decoder that meets its end, or gets lost, over a file that says so, and takes any other. */
parentPort?.on('message', (file: Uint8Array) => {
  if (file[0] === 1) throw new Error('out of bounds');
  if (file[0] === 2) for (;;);
  parentPort?.postMessage({ kind: 'read', grey: file, columns: 1, rows: 1, facts: {} });
});
