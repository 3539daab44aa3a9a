import {
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  visit,
} from 'graphql';

/** What one operation may hold, with its fragments counted wherever they are spread. */
export const LIMITS = {
  /** Tokens of the document; the parser stops there. */
  tokens: 4_000,
  /** Fields within one another. */
  depth: 15,
  aliases: 50,
  fields: 1_000,
  rootFields: 30,
  /** The same field written again in one selection set. */
  repeats: 20,
  /** Directives at one place. */
  directives: 4,
} as const;

type Size = { depth: number; fields: number; rootFields: number; aliases: number };

const EMPTY: Size = { depth: 0, fields: 0, rootFields: 0, aliases: 0 };

/** Refuses what is too large before it is validated: the rules of GraphQL run beside this one, but it reports when it
 *  is set up. Each fragment is measured once: fragments that spread each other twice would else double the work
 *  with each of them. */
export const operationLimits: ValidationRule = (context: ValidationContext): ASTVisitor => {
  const document = context.getDocument();
  const report = (what: string, most: number, came: number) => {
    if (came > most) context.reportError(tooComplex(what, most, came));
  };
  const sizeOf = measure(document);
  for (const operation of document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)) {
    const { depth, fields, rootFields, aliases } = sizeOf(operation);
    report('levels of fields', LIMITS.depth, depth);
    report('aliases', LIMITS.aliases, aliases);
    report('fields', LIMITS.fields, fields);
    report('fields at the root', LIMITS.rootFields, rootFields);
  }
  const { repeats, directives } = densest(document);
  report('repetitions of a field', LIMITS.repeats, repeats);
  report('directives at one place', LIMITS.directives, directives);
  return {};
};

/** Introspection (`__schema`, `__type`) may nest deeper: explorers send it, it costs no subgraph anything, and
 *  GraphQL's own rules hold its depth. */
function measure(document: DocumentNode): (operation: OperationDefinitionNode) => Size {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const known = new Map<string, Size>();
  const ofFragment = (name: string): Size => {
    const found = known.get(name);
    if (found) return found;
    // Stands while the fragment is open: a cycle is another rule's fault to report.
    known.set(name, EMPTY);
    const fragment = fragments.get(name);
    const size = fragment ? ofSelections(fragment.selectionSet) : EMPTY;
    known.set(name, size);
    return size;
  };
  const ofSelections = ({ selections }: SelectionSetNode): Size => {
    const total = { ...EMPTY };
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const inner = selection.selectionSet ? ofSelections(selection.selectionSet) : EMPTY;
        total.fields += 1 + inner.fields;
        total.rootFields += 1;
        total.aliases += (selection.alias ? 1 : 0) + inner.aliases;
        if (!selection.name.value.startsWith('__')) total.depth = Math.max(total.depth, 1 + inner.depth);
        continue;
      }
      const spread =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(selection.name.value)
          : ofSelections(selection.selectionSet);
      total.fields += spread.fields;
      total.rootFields += spread.rootFields;
      total.aliases += spread.aliases;
      total.depth = Math.max(total.depth, spread.depth);
    }
    return total;
  };
  return (operation) => ofSelections(operation.selectionSet);
}

/** The most repetitions of one field, and the most directives at one place, anywhere in the document. */
function densest(document: DocumentNode): { repeats: number; directives: number } {
  let repeats = 0;
  let directives = 0;
  visit(document, {
    enter(node) {
      if ('directives' in node) directives = Math.max(directives, node.directives?.length ?? 0);
      if (node.kind !== Kind.SELECTION_SET) return;
      const times = new Map<string, number>();
      for (const field of node.selections.filter((selection) => selection.kind === Kind.FIELD)) {
        const name = (field.alias ?? field.name).value;
        const before = times.get(name) ?? 0;
        times.set(name, before + 1);
        repeats = Math.max(repeats, before);
      }
    },
  });
  return { repeats, directives };
}

/** The refusal of an operation, with the limit and what came. */
export function tooComplex(what: string, most: number, came: number): GraphQLError {
  const told = came <= Number.MAX_SAFE_INTEGER ? came : 'far more';
  return new GraphQLError(`Expected at most ${most} ${what}, got ${told}`, {
    extensions: { code: 'QUERY_TOO_COMPLEX' },
  });
}
