import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CDS_PATHS, CDS_SCHEMAS, CDS_TAG } from './cds-paths.ts';
import { COVID19_PATHS, COVID19_TAG, covid19Schemas } from './covid19-paths.ts';
import { FHIR_PATHS, FHIR_SCHEMAS, FHIR_TAG } from './fhir-paths.ts';
import { FAULT, OPENAPI, type Operation, type Paths } from './operation.ts';
import { SERVICE_PATHS, SERVICE_SCHEMAS, SERVICE_TAGS } from './service-paths.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The synthetic phantom, small enough to stand in a form. */
const SAMPLE = join(import.meta.dirname, '../web/docs/sample.jpg');

const DESCRIPTION = `One GraphQL endpoint in front of a hospital's AI, and the HTTP routes beside it.

**Not for clinical use.** The models are demonstrations and not approved as a medical device.

Every \`GET\` is answered as \`HEAD\` too; other methods are 404 or 405. An answer names its request in \`x-request-id\`.`;

const OPEN = 'Callers are not authenticated here: a token is not needed.';
const GUARDED =
  'Callers show a JWT of the identity provider as `authorization: Bearer …`; its scopes open operations.';

export type OpenApiSettings = {
  readonly maxUploadBytes: number;
  /** Whether callers must show a token. */
  readonly authenticated: boolean;
};

/** The OpenAPI 3.1 document of every route that a client may use. The shapes of bodies are those that check requests and type
 *  answers where there are such; a test holds the document against the routes and against what they answer. */
export function openApiDocument({ maxUploadBytes, authenticated }: OpenApiSettings) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const paths: Paths = {
    ...COVID19_PATHS,
    ...FHIR_PATHS,
    ...CDS_PATHS,
    ...SERVICE_PATHS,
  };
  return {
    openapi: OPENAPI,
    info: {
      title: 'Radiograph',
      version,
      summary: 'Chest radiographs, heatmaps and ICU risk. Not for clinical use.',
      description: `${DESCRIPTION}\n\n${authenticated ? GUARDED : OPEN}`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This gateway' }],
    tags: [COVID19_TAG, FHIR_TAG, CDS_TAG, ...SERVICE_TAGS],
    paths: mapOperations(paths, (operation) => secured(operation, authenticated)),
    components: {
      schemas: {
        Fault: FAULT,
        ...covid19Schemas(readFileSync(SAMPLE, 'base64'), maxUploadBytes),
        ...FHIR_SCHEMAS,
        ...CDS_SCHEMAS,
        ...SERVICE_SCHEMAS,
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

/** OpenAPI 3.1 lets a requirement list roles for any scheme. */
function secured({ scopes, ...operation }: Operation, authenticated: boolean) {
  if (scopes === undefined) return { ...operation, security: [] };
  return { ...operation, security: [{ bearer: scopes }, ...(authenticated ? [] : [{}])] };
}

function mapOperations<Told>(paths: Paths, map: (operation: Operation) => Told) {
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, map(operation)]),
      ) as Record<string, Told>,
    ]),
  );
}
