import {
  type ASTVisitor,
  GraphQLError,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

const DEEPEST = 15;
const MOST_ALIASES = 50;

/** Tokens of one document; the parser stops there. */
export const MOST_TOKENS = 4_000;

/** Refuses operations that nest too deep or rename too much. Introspection (`__schema`, `__type`) may nest deeper:
 *  explorers send it, and it costs no subgraph anything. Fragments are counted where they are spread. */
export const operationLimits: ValidationRule = (context: ValidationContext): ASTVisitor => {
  let aliases = 0;
  return {
    Field(node) {
      if (node.alias && ++aliases === MOST_ALIASES + 1)
        context.reportError(tooComplex(`Expected at most ${MOST_ALIASES} aliases, got more`));
    },
    OperationDefinition(node) {
      if (depthOf(context, node.selectionSet, new Set()) > DEEPEST)
        context.reportError(tooComplex(`Expected at most ${DEEPEST} levels of fields, got more`));
    },
  };
};

function depthOf(context: ValidationContext, set: SelectionSetNode, open: ReadonlySet<string>): number {
  let deepest = 0;
  for (const selection of set.selections) {
    let depth = 0;
    if (selection.kind === 'FragmentSpread') {
      const name = selection.name.value;
      const fragment = context.getFragment(name);
      // A cycle is another rule's fault to report.
      if (fragment && !open.has(name))
        depth = depthOf(context, fragment.selectionSet, new Set([...open, name]));
    } else if (selection.kind === 'InlineFragment') depth = depthOf(context, selection.selectionSet, open);
    else if (!selection.name.value.startsWith('__'))
      depth = 1 + (selection.selectionSet ? depthOf(context, selection.selectionSet, open) : 0);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function tooComplex(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX' } });
}
