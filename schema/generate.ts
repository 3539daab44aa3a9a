import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import * as resolvers from '@graphql-codegen/typescript-resolvers';
import { buildASTSchema, type DocumentNode, parse } from 'graphql';
import { clientOperations } from './client-operations.ts';

const HERE = import.meta.dirname;
const ROOT = dirname(HERE);

/** The subgraphs, the addresses that the committed supergraph names (the gateway replaces them by its settings) and
 *  the rows that stand behind their types. */
const SUBGRAPHS: { name: string; url: string; mappers: Record<string, string> }[] = [
  {
    name: 'imaging',
    url: 'http://127.0.0.1:4001/graphql',
    mappers: {
      Radiograph: '../domain/radiograph.ts#StoredRadiograph',
      Job: '../domain/job.ts#StoredJob',
      Patient: '../domain/radiograph.ts#PatientReference',
      Classification: '../domain/classification.ts#StoredClassification',
    },
  },
  {
    name: 'heatmap',
    url: 'http://127.0.0.1:4002/graphql',
    mappers: {
      Radiograph: '../domain/heatmap-source.ts#HeatmapSource',
      Heatmap: '../domain/rendering.ts#ComputedHeatmap',
    },
  },
  {
    name: 'icu',
    url: 'http://127.0.0.1:4003/graphql',
    mappers: { Patient: '../domain/patient.ts#StoredPatient' },
  },
];

/** The TypeScript client that others copy. */
const CLIENT = 'docs/clients/typescript';

type Output = { path: string; text: string };

const stale = (await outputs()).filter(({ path, text }) => committed(path) !== text);
if (process.argv.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is stale: run npm run generate`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    console.log(`${path} written`);
  }
}

async function outputs(): Promise<Output[]> {
  const services = SUBGRAPHS.map((subgraph) => ({
    ...subgraph,
    typeDefs: parse(readFileSync(join(HERE, `${subgraph.name}.graphql`), 'utf8')),
  }));
  const extra = readdirSync(HERE).filter(
    (file) => file.endsWith('.graphql') && file !== 'supergraph.graphql',
  );
  if (extra.length !== SUBGRAPHS.length)
    throw new Error(`Expected an SDL for each subgraph, found ${extra.join(', ')}`);
  const composed = composeServices(services);
  if (composed.errors) throw new Error(composed.errors.map((error) => error.message).join('\n'));
  // A hint is a warning of composition: two subgraphs that describe one type differently, for example.
  if (composed.hints.length > 0) throw new Error(composed.hints.map((hint) => hint.toString()).join('\n'));
  const types = services.map(async ({ name, typeDefs, mappers }) => ({
    path: `subgraphs/${name}/generated/resolvers.ts`,
    text: await resolverTypes(typeDefs, mappers),
  }));
  const seenByClients = composed.schema.toAPISchema().toGraphQLJSSchema();
  const client = {
    path: `${CLIENT}/generated/operations.ts`,
    text: await clientOperations(
      seenByClients,
      parse(readFileSync(join(ROOT, CLIENT, 'operations.graphql'), 'utf8')),
    ),
  };
  return [
    { path: 'schema/supergraph.graphql', text: composed.supergraphSdl },
    ...(await Promise.all(types)),
    client,
  ];
}

/** The types of a subgraph's resolvers. An object's parent type is the room's own row type where one is named. */
async function resolverTypes(document: DocumentNode, mappers: Record<string, string>): Promise<string> {
  return codegen({
    filename: 'resolvers.ts',
    documents: [],
    schema: document,
    schemaAst: buildASTSchema(document, { assumeValidSDL: true }),
    plugins: [{ typescript: {} }, { resolvers: {} }],
    pluginMap: { typescript, resolvers },
    config: {
      federation: true,
      useTypeImports: true,
      enumsAsTypes: true,
      emitLegacyCommonJSImports: false,
      importExtension: '.ts',
      contextType: '../context.ts#Context',
      mappers,
      scalars: {
        DateTime: 'string',
        Upload: 'string',
        ActivationMaps: 'unknown',
        HeatmapClaim: 'string',
        ID: 'string',
      },
    },
  });
}

function committed(path: string): string {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return '';
  }
}
