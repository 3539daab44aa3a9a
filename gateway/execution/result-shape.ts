import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isCompositeType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { type FieldCollector, fieldCollector } from './field-collector.ts';
import { isRawObject, own, type RawObject } from './raw-data.ts';

/** Makes the answer that an operation asks for out of joined data: its fields in its order under its names, nothing
 *  else, with nulls propagated as section 6.4.4 of the GraphQL specification says.
 *  @param introspected the answers to `__schema` and `__type` at the root
 *  @returns the data, and an error for each value that does not fit its type */
export type ResultShape = (
  data: RawObject,
  introspected: RawObject,
) => { readonly data: RawObject | null; readonly faults: readonly GraphQLError[] };

type Walk = {
  readonly path: (string | number)[];
  readonly faults: GraphQLError[];
  readonly introspected: RawObject;
};

/** Null, for a reason that was told. */
const FAILED = Symbol('failed');
/** No value where one must be: the object around it is null. */
const MISSING = Symbol('missing');

type Complete = (value: unknown, walk: Walk) => unknown;

type FieldShape = {
  readonly name: string;
  /** Whether every object has something under this name, as under `constructor`. */
  readonly inherited: boolean;
  readonly complete: Complete;
};
type ObjectShape = { readonly fields: readonly FieldShape[]; readonly create: () => RawObject };

/** Compiled once for an operation and the conditions that its variables set, since it runs for every answer; types of
 *  objects are compiled as they are met.
 *  @param variables with defaults; conditions alone are read from them */
export function resultShape(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): ResultShape {
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no ${operation.operation}`);
  const collect = fieldCollector(schema, document, variables);
  const complete = objects(schema, collect, root, [operation.selectionSet]);
  return (data, introspected) => {
    const walk: Walk = { path: [], faults: [], introspected };
    const shaped = complete(data, walk);
    return { data: shaped === FAILED ? null : (shaped as RawObject), faults: walk.faults };
  };
}

function objects(
  schema: GraphQLSchema,
  collect: FieldCollector,
  declared: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
): Complete {
  const shapes = new Map<unknown, ObjectShape>();
  const shapeOf = (typename: unknown): ObjectShape | undefined => {
    const type = typename ? typeNamed(schema, typename) : declared;
    if (!type) return undefined;
    const shape = objectShape(schema, collect, type, sets);
    shapes.set(typename, shape);
    return shape;
  };
  return (value, walk) => {
    if (value === null) return null;
    if (!isRawObject(value)) return failed(walk, `Expected an object of ${declared.name}`);
    const typename = own(value, '__typename') ?? undefined;
    const shape = shapes.get(typename) ?? shapeOf(typename);
    if (!shape) return failed(walk, `Expected a type of ${declared.name} in __typename`);
    const output = shape.create();
    for (const { name, inherited, complete } of shape.fields) {
      walk.path.push(name);
      const completed = complete((inherited ? own(value, name) : value[name]) ?? null, walk);
      walk.path.pop();
      if (completed === MISSING) return FAILED;
      output[name] = completed === FAILED ? null : completed;
    }
    return output;
  };
}

function typeNamed(schema: GraphQLSchema, name: unknown): GraphQLCompositeType | undefined {
  const type = schema.getType(String(name));
  return isCompositeType(type) ? type : undefined;
}

function objectShape(
  schema: GraphQLSchema,
  collect: FieldCollector,
  type: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
): ObjectShape {
  const collected = collect(type, sets);
  const fields = [...collected].flatMap(([name, nodes]) => {
    const complete = fieldOf(schema, collect, type, name, nodes);
    return complete ? [{ name, inherited: name in Object.prototype, complete }] : [];
  });
  const create = collected.has('__proto__') ? () => Object.create(null) as RawObject : () => ({});
  return { fields, create };
}

function fieldOf(
  schema: GraphQLSchema,
  collect: FieldCollector,
  parent: GraphQLCompositeType,
  name: string,
  nodes: readonly FieldNode[],
): Complete | undefined {
  const asked = nodes[0]?.name.value ?? '';
  if (asked === '__typename') return () => (isObjectType(parent) ? parent.name : MISSING);
  if (asked === '__schema' || asked === '__type') return (_value, walk) => walk.introspected[name] ?? null;
  const field = 'getFields' in parent ? parent.getFields()[asked] : undefined;
  return field && completer(schema, collect, field.type, nodes, `${parent.name}.${asked}`);
}

function completer(
  schema: GraphQLSchema,
  collect: FieldCollector,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
  where: string,
): Complete {
  if (isNonNullType(type)) {
    const inner = completer(schema, collect, getNullableType(type), nodes, where);
    return (value, walk) => {
      const completed = inner(value, walk);
      if (completed === null) failed(walk, `Cannot return null for non-nullable ${where}`);
      return completed === null || completed === FAILED ? MISSING : completed;
    };
  }
  if (isListType(type)) return list(completer(schema, collect, type.ofType, nodes, where), where);
  if (isLeafType(type)) return leaf(type, where);
  return objects(
    schema,
    collect,
    type,
    nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
  );
}

function list(entry: Complete, where: string): Complete {
  return (value, walk) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return failed(walk, `Expected a list at ${where}`);
    let isWhole = true;
    const output = new Array<unknown>(value.length);
    for (let i = 0; i < value.length; i++) {
      walk.path.push(i);
      const completed = entry(value[i] ?? null, walk);
      walk.path.pop();
      if (completed === MISSING) isWhole = false;
      output[i] = completed === FAILED ? null : completed;
    }
    return isWhole ? output : FAILED;
  };
}

function leaf(type: GraphQLLeafType, where: string): Complete {
  const fits = leafCheck(type);
  return (value, walk) =>
    value === null || fits(value) ? value : failed(walk, `Expected another value at ${where}`);
}

/** What a subgraph writes as JSON for a type; of custom scalars it alone knows the form. */
function leafCheck(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) return (value) => typeof value === 'string' && type.getValue(value) !== undefined;
  if (!isSpecifiedScalarType(type)) return () => true;
  switch (type.name) {
    case 'Int':
      return Number.isInteger;
    case 'Float':
      return Number.isFinite;
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    case 'ID':
      return (value) => typeof value === 'string' || Number.isInteger(value);
    default:
      return (value) => typeof value === 'string';
  }
}

function failed({ path, faults }: Walk, message: string): typeof FAILED {
  faults.push(new GraphQLError(message, { path: [...path] }));
  return FAILED;
}
