import {
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  print,
  typeFromAST,
} from 'graphql';

/** A place in the variables that takes files. */
export type UploadSlot = {
  /** The variable and where in it, for example `input.files`. */
  readonly path: string;
  readonly variable: string;
  /** The variable's type as the operation declares it. */
  readonly declared: string;
  /** Whether it takes a list of files. */
  readonly many: boolean;
};

const SCALAR = 'Upload';
const DEEPEST = 4;

/** Where the variables of an operation take files. A list of input objects is left out: it has no fixed places. */
export function uploadSlots(schema: GraphQLSchema, operation: OperationDefinitionNode): UploadSlot[] {
  return (operation.variableDefinitions ?? []).flatMap((definition) => {
    const type = typeFromAST(schema, definition.type) as GraphQLInputType | undefined;
    const variable = definition.variable.name.value;
    return type
      ? slotsIn(type, [variable]).map((slot) => ({ ...slot, variable, declared: print(definition.type) }))
      : [];
  });
}

function slotsIn(type: GraphQLInputType, path: readonly string[]): Pick<UploadSlot, 'path' | 'many'>[] {
  const bare = isNonNullType(type) ? type.ofType : type;
  if (isListType(bare)) {
    const item = isNonNullType(bare.ofType) ? bare.ofType.ofType : bare.ofType;
    return 'name' in item && item.name === SCALAR ? [{ path: path.join('.'), many: true }] : [];
  }
  if (bare.name === SCALAR) return [{ path: path.join('.'), many: false }];
  if (!isInputObjectType(bare) || path.length > DEEPEST) return [];
  return Object.values(bare.getFields()).flatMap((field) => slotsIn(field.type, [...path, field.name]));
}
