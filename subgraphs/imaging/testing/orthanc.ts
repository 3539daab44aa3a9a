import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, program } from '#common/testing/programs.ts';

/** Where an Orthanc server is on this machine; undefined where there is none. */
export const orthancServer = program('Orthanc', '/usr/sbin');

const DICOMWEB = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';

export type RunningOrthanc = AsyncDisposable & {
  /** The base of its DICOMweb services. */
  readonly url: string;
  /** What makes a service of ours ask it. */
  readonly settings: Readonly<Record<'DICOMWEB_URL' | 'DICOMWEB_USER' | 'DICOMWEB_PASSWORD', string>>;
  /** Stores files past us. */
  stow(...files: readonly Buffer[]): Promise<void>;
  /** Asks past us. */
  get(path: string, accept?: string): Promise<Response>;
  /** Ends it at once; nothing answers at its port until `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

/** An Orthanc of its own: on loopback alone, on a free port, with an account, and with nothing in it. */
export async function startOrthanc(): Promise<RunningOrthanc> {
  if (!orthancServer) throw new Error('There is no Orthanc');
  const binary = orthancServer;
  const folder = mkdtempSync(join(tmpdir(), 'orthanc-'));
  const port = await freePort();
  const [user, password] = ['radiograph', 'p:ss wörd'];
  const configuration = {
    ...{ Name: 'test', StorageDirectory: folder, IndexDirectory: folder, HttpPort: port },
    ...{ RemoteAccessAllowed: false, AuthenticationEnabled: true, RegisteredUsers: { [user]: password } },
    ...{ DicomServerEnabled: false, Plugins: [DICOMWEB], DicomWeb: { Enable: true, EnableWado: false } },
  };
  const file = join(folder, 'orthanc.json');
  writeFileSync(file, JSON.stringify(configuration));
  const url = `http://127.0.0.1:${port}/dicom-web`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  let server: ChildProcess | undefined;
  const kill = async () => {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  };
  const start = async () => {
    const started = spawn(binary, [file], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    server = started;
    let said = '';
    for await (const line of createInterface({ input: started.stderr })) {
      said += `${line}\n`;
      if (line.includes('Orthanc has started')) {
        started.stderr.resume();
        return;
      }
    }
    throw new Error(`Orthanc did not start: ${said}`);
  };
  await start();
  return {
    url,
    settings: { DICOMWEB_URL: url, DICOMWEB_USER: user, DICOMWEB_PASSWORD: password },
    async stow(...files) {
      const boundary = 'boundary-of-the-test';
      const parts = files.flatMap((one) => [
        Buffer.from(`--${boundary}\r\ncontent-type: application/dicom\r\n\r\n`),
        one,
        Buffer.from('\r\n'),
      ]);
      const answer = await fetch(`${url}/studies`, {
        method: 'POST',
        headers: {
          authorization,
          accept: 'application/dicom+json',
          'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
        },
        body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
      });
      const said = await answer.text();
      if (answer.status !== 200) throw new Error(`Orthanc stored nothing: ${answer.status} ${said}`);
    },
    get: (path, accept = 'application/dicom+json') =>
      // Of a long answer that it compresses, Orthanc 1.10 sends less than it says.
      fetch(`${url}${path}`, { headers: { authorization, accept, 'accept-encoding': 'identity' } }),
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
