import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
  valueFromASTUntyped,
} from 'graphql';
import type { CostModel, ListSize } from './cost-model.ts';

/** Entries of a list of which the schema says nothing. */
const UNKNOWN_SIZE = 10;
/** What changing something costs on top of what is read back. */
const MUTATION_WEIGHT = 10;

export type CostedOperation = {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
};

type Scope = CostedOperation & {
  readonly model: CostModel;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
};
type Group = { readonly parent: GraphQLCompositeType; readonly nodes: FieldNode[] };

/** What an operation may cost at most: the objects that its answer can hold, weighted by `@cost`, with the sizes of
 *  lists multiplied along the way. Static analysis of the IBM cost directives specification (2024), with the default
 *  weights: 1 for an object, 0 for a leaf. Variables count with their values; `@skip` and `@include` do not help.
 *  The operation must be valid and within `operationLimits`: its fragments are followed wherever they are spread. */
export function operationCost(model: CostModel, costed: CostedOperation): number {
  const { schema, document, operation } = costed;
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const scope = { ...costed, model, fragments };
  const selections = grouped(scope, root, [operation.selectionSet]);
  return selections.reduce((sum, group) => {
    const own = operation.operation === 'mutation' ? MUTATION_WEIGHT : 0;
    return sum + own + fieldCost(scope, group, undefined);
  }, 0);
}

/** @param sized entries of the list, where the field above has said it */
function fieldCost(scope: Scope, { parent, nodes }: Group, sized: number | undefined): number {
  const [node] = nodes;
  const name = node?.name.value ?? '';
  if (!node || name.startsWith('__')) return 0;
  const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  if (!field) return 0;
  const key = `${parent.name}.${name}`;
  const { weights, sizes } = scope.model;
  const type = getNamedType(field.type);
  const size = sizes.get(key);
  const entries = size && entriesOf(scope, size, field, node);
  const inPage = size?.sizedFields;
  const times = listDepth(field.type) === 0 ? 1 : (sized ?? (inPage ? undefined : entries) ?? UNKNOWN_SIZE);
  let inner = weights.get(key) ?? weights.get(type.name) ?? defaultWeight(type);
  if (isCompositeType(type)) {
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    for (const group of grouped(scope, type, sets)) {
      const below = inPage?.includes(group.nodes[0]?.name.value ?? '') ? entries : undefined;
      inner += fieldCost(scope, group, below);
    }
  }
  const given = (node.arguments ?? []).reduce(
    (sum, argument) => sum + (weights.get(`${key}(${argument.name.value})`) ?? 0),
    0,
  );
  return given + times * inner;
}

function defaultWeight(type: GraphQLNamedType): number {
  return isCompositeType(type) ? 1 : 0;
}

/** How many lists are within one another; each has the size that is known for the outermost. */
function listDepth(type: GraphQLOutputType): number {
  const bare = getNullableType(type);
  return isListType(bare) ? 1 + listDepth(bare.ofType) : 0;
}

/** @returns undefined when nothing is known: neither an argument, its default, nor an assumed size */
function entriesOf(
  scope: Scope,
  size: ListSize,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
): number | undefined {
  const given = (size.slicingArguments ?? []).flatMap((name) => {
    const value = argumentOf(scope, field, node, name);
    return typeof value === 'number' ? [Math.max(0, value)] : [];
  });
  return given.length > 0 ? Math.max(...given) : size.assumedSize;
}

function argumentOf(
  { operation, variables }: Scope,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  name: string,
): unknown {
  const fallback = field.args.find((argument) => argument.name === name)?.defaultValue;
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  if (!value) return fallback;
  if (value.kind !== Kind.VARIABLE) return valueFromASTUntyped(value) ?? fallback;
  const variable = value.name.value;
  if (Object.hasOwn(variables, variable)) return variables[variable] ?? fallback;
  const defined = operation.variableDefinitions?.find((each) => each.variable.name.value === variable);
  return defined?.defaultValue ? (valueFromASTUntyped(defined.defaultValue) ?? fallback) : fallback;
}

/** The fields of selection sets, those that are answered by one value together: a fragment that repeats what is
 *  selected elsewhere adds no cost. */
function grouped(scope: Scope, type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): Group[] {
  const groups = new Map<string, Group>();
  const add = (parent: GraphQLCompositeType, { selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = `${parent.name}.${(selection.alias ?? selection.name).value}`;
        const group = groups.get(key);
        if (group) group.nodes.push(selection);
        else groups.set(key, { parent, nodes: [selection] });
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : scope.fragments.get(selection.name.value);
      if (!fragment) continue;
      const on = fragment.typeCondition && typeFromAST(scope.schema, fragment.typeCondition);
      add(on && isCompositeType(on) ? on : parent, fragment.selectionSet);
    }
  };
  for (const set of sets) add(type, set);
  return [...groups.values()];
}
