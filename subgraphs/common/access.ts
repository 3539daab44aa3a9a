import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  type StringValueNode,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Caller, maySee } from './caller.ts';

/** The scope that a field asks for, by "Type.field". */
export type AccessRules = ReadonlyMap<string, string>;

/** Reads `@access(scope:)` of every field: the API schema does not carry it, the SDL of a subgraph and of the
 *  supergraph do. */
export function accessRules(sdl: DocumentNode | string): AccessRules {
  const rules = new Map<string, string>();
  const { definitions } = typeof sdl === 'string' ? parse(sdl) : sdl;
  for (const type of definitions) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const field of type.fields ?? []) {
      const access = field.directives?.find(({ name }) => name.value === 'access');
      const scope = access?.arguments?.find(({ name }) => name.value === 'scope')?.value;
      if (scope) rules.set(`${type.name.value}.${field.name.value}`, (scope as StringValueNode).value);
    }
  }
  return rules;
}

/** @returns a FORBIDDEN error for the first field that the caller has no scope for, or undefined */
export function accessFault(
  rules: AccessRules,
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  caller: Caller,
): GraphQLError | undefined {
  if (caller.scopes === 'all') return undefined;
  const types = new TypeInfo(schema);
  let fault: GraphQLError | undefined;
  const operation = separateOperations(document)[operationName ?? ''] ?? document;
  visit(
    operation,
    visitWithTypeInfo(types, {
      Field(node) {
        const name = `${types.getParentType()?.name}.${node.name.value}`;
        const scope = rules.get(name);
        if (fault || scope === undefined || maySee(caller, scope)) return;
        fault = new GraphQLError(`${name} needs the scope ${scope}`, {
          nodes: node,
          extensions: { code: 'FORBIDDEN' },
        });
      },
    }),
  );
  return fault;
}
