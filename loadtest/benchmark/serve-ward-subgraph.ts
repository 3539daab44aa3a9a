import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { type DocumentNode, execute, parse } from 'graphql';
import { type WardSubgraph, wardSchema } from './ward-subgraphs.ts';

// node serve-ward-subgraph.ts NAME PORT
const [name, port] = process.argv.slice(2);
const schema = wardSchema(name as WardSubgraph);
const documents = new Map<string, DocumentNode>();

/** Gateways send few different texts, so that each is parsed once. */
function documentOf(query: string): DocumentNode {
  const document = documents.get(query) ?? parse(query);
  documents.set(query, document);
  return document;
}

createServer(async (request, response) => {
  const { query, variables } = JSON.parse(await text(request));
  const result = await execute({ schema, document: documentOf(query), variableValues: variables });
  response.setHeader('content-type', 'application/json').end(JSON.stringify(result));
})
  .on('listening', () => process.on('SIGTERM', () => process.exit(0)))
  .listen({ host: '127.0.0.1', port: Number(port), keepAliveTimeout: 75_000 });
