import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  isUnionType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** The fields that are selected of a type, by the names of the answer; several nodes under one name are one field.
 *  Section 6.3.2 of the GraphQL specification. */
export type FieldCollector = (
  type: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
) => ReadonlyMap<string, readonly FieldNode[]>;

export function fieldCollector(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): FieldCollector {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);

  const isSelected = (node: SelectionNode) =>
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;

  const applies = (condition: string | undefined, type: GraphQLCompositeType) => {
    if (condition === undefined || condition === type.name) return true;
    const wanted = schema.getType(condition);
    return isAbstractType(wanted) && !isUnionType(type) && schema.isSubType(wanted, type);
  };

  return (type, sets) => {
    const fields = new Map<string, FieldNode[]>();
    const add = ({ selections }: SelectionSetNode) => {
      for (const node of selections) {
        if (!isSelected(node)) continue;
        if (node.kind === Kind.FIELD) {
          const name = (node.alias ?? node.name).value;
          const same = fields.get(name);
          if (same) same.push(node);
          else fields.set(name, [node]);
          continue;
        }
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
        if (fragment && applies(fragment.typeCondition?.name.value, type)) add(fragment.selectionSet);
      }
    };
    for (const set of sets) add(set);
    return fields;
  };
}

/** The variables that decide over `@skip` and `@include` anywhere in a document. */
export function conditionVariables({ definitions }: DocumentNode): string[] {
  const names = new Set<string>();
  const look = (set: SelectionSetNode | undefined) => {
    for (const node of set?.selections ?? []) {
      for (const { name, arguments: given } of node.directives ?? [])
        for (const { value } of given ?? [])
          if ((name.value === 'skip' || name.value === 'include') && value.kind === Kind.VARIABLE)
            names.add(value.name.value);
      if (node.kind !== Kind.FRAGMENT_SPREAD) look(node.selectionSet);
    }
  };
  for (const node of definitions) if ('selectionSet' in node) look(node.selectionSet);
  return [...names];
}
