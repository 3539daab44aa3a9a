import { expect, test } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { WHOLE_TEST } from './page-visit.ts';
import { ask, picture, upload } from './system.ts';

const UPLOAD =
  'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { radiograph { id image { url } } } } }';
const DELETE = 'mutation ($id: ID!) { radiographDelete(input: { id: $id }) { userErrors { code } } }';

const system = browserSystem();

async function sent(seed: number): Promise<{ id: string; url: string }> {
  const { data } = await upload(system.url, UPLOAD, [await picture('png', seed)]);
  const { radiographUpload } = data as unknown as {
    radiographUpload: { jobs: { radiograph: { id: string; image: { url: string } } }[] };
  };
  const [job] = radiographUpload.jobs;
  if (!job) throw new Error('Expected a job');
  return { id: job.radiograph.id, url: system.url + job.radiograph.image.url };
}

test('a picture is for whoever asks with the link, and for no cache', async () => {
  const { url } = await sent(1);
  for (let times = 0; times < 2; times++) {
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  }
});

withBrowser('a browser that has shown a picture has none of it once it is deleted', WHOLE_TEST, async () => {
  const { id, url } = await sent(2);
  const context = await system.browser?.newContext();
  const opened = async () => {
    const page = await context?.newPage();
    const status = (await page?.goto(url))?.status();
    await page?.close();
    return status;
  };
  expect(await opened()).toBe(200);
  expect(await ask(system.url, DELETE, { id })).toEqual({ data: { radiographDelete: { userErrors: [] } } });
  expect(await opened()).toBe(404);
  await context?.close();
});
