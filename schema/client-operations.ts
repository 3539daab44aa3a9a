import { codegen } from '@graphql-codegen/core';
import * as operations from '@graphql-codegen/typescript-operations';
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  printSchema,
  separateOperations,
} from 'graphql';

const DOCUMENT_TYPE = `/** The text of an operation that carries the types of its answer and its variables. */
export type GraphDocument<Data, Variables> = string & { readonly ofTypes?: (variables: Variables) => Data };
`;

/** The operations of a TypeScript client as a module: the types of their variables and answers, and their texts.
 *  @throws when one of them is not valid in the schema */
export async function clientOperations(schema: GraphQLSchema, document: DocumentNode): Promise<string> {
  const types = await codegen({
    filename: 'operations.ts',
    documents: [{ location: 'operations.graphql', document }],
    schema: parse(printSchema(schema)),
    schemaAst: schema,
    plugins: [{ operations: {} }],
    pluginMap: { operations },
    // Of a file the variables hold null: it is a part of its own.
    config: { scalars: { DateTime: 'string', Upload: 'null', ID: 'string' } },
  });
  const alone = separateOperations(document);
  const texts = document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION || !definition.name) return [];
    const { operation, name } = definition;
    const type = `${name.value}${operation.charAt(0).toUpperCase()}${operation.slice(1)}`;
    const constant = name.value.replace(/(?<=.)(?=[A-Z])/g, '_').toUpperCase();
    const text = print(alone[name.value] ?? document);
    return `export const ${constant} = \`${text}\` as GraphDocument<${type}, ${type}Variables>;\n`;
  });
  return [types, DOCUMENT_TYPE, ...texts].join('\n');
}
