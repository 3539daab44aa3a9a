import { createHash } from 'node:crypto';
import { createRequest, stringifyDocument } from '@urql/core';
import { HISTORY } from './page/history-operation.ts';
import { CANCEL, FOLLOW, UPLOAD } from './page/job-operations.ts';
import { PATIENT, PATIENTS } from './page/patient-operations.ts';
import { DELETE, DICOM, HEATMAP, READING } from './page/radiograph-operations.ts';

export const PAGE_OPERATIONS = [
  ...[UPLOAD, FOLLOW, CANCEL, DELETE],
  ...[READING, HEATMAP, DICOM, PATIENT, PATIENTS, HISTORY],
].map(({ text }) => text);

/** What the page sends, as a persisted query manifest in Apollo's format (version 1). A safelist knows operations letter
 *  by letter: uploads and the socket carry an operation's text, urql prints it anew. */
export function pageManifest(): string {
  const bodies = PAGE_OPERATIONS.flatMap((text) => [text, stringifyDocument(createRequest(text, {}).query)]);
  const operations = bodies.map((body) => {
    const [, type, name] = /^(query|mutation|subscription) (\w+)/m.exec(body) ?? [];
    return { id: createHash('sha256').update(body).digest('hex'), name, type, body };
  });
  return JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }, null, 2);
}
