import {
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  print,
  type TypeNode,
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

/** Where the variables of an operation take files. A list of input objects is left out: it has no fixed places.
 *  @param schema null where the gateway does not show it: files within input objects are not found then */
export function uploadSlots(schema: GraphQLSchema | null, operation: OperationDefinitionNode): UploadSlot[] {
  return (operation.variableDefinitions ?? []).flatMap(({ type, variable: { name } }) => {
    const variable = name.value;
    const many = declaredMany(type);
    const slots = many === undefined ? known(schema, type, variable) : [{ path: variable, many }];
    return slots.map((slot) => ({ ...slot, variable, declared: print(type) }));
  });
}

type Slot = Pick<UploadSlot, 'path' | 'many'>;

/** @returns whether the type as it is written is a list of files, or undefined when it is neither that nor a file */
function declaredMany(type: TypeNode): boolean | undefined {
  const bare = withoutNonNull(type);
  const many = bare.kind === Kind.LIST_TYPE;
  const item = many ? withoutNonNull(bare.type) : bare;
  return item.kind === Kind.NAMED_TYPE && item.name.value === SCALAR ? many : undefined;
}

function withoutNonNull(type: TypeNode) {
  return type.kind === Kind.NON_NULL_TYPE ? type.type : type;
}

function known(schema: GraphQLSchema | null, declared: TypeNode, variable: string): Slot[] {
  const type = schema && (typeFromAST(schema, declared) as GraphQLInputType | undefined);
  return type ? slotsIn(type, [variable]) : [];
}

function slotsIn(type: GraphQLInputType, path: readonly string[]): Slot[] {
  const bare = isNonNullType(type) ? type.ofType : type;
  if (isListType(bare)) {
    const item = isNonNullType(bare.ofType) ? bare.ofType.ofType : bare.ofType;
    return 'name' in item && item.name === SCALAR ? [{ path: path.join('.'), many: true }] : [];
  }
  if (bare.name === SCALAR) return [{ path: path.join('.'), many: false }];
  if (!isInputObjectType(bare) || path.length > DEEPEST) return [];
  return Object.values(bare.getFields()).flatMap((field) => slotsIn(field.type, [...path, field.name]));
}
