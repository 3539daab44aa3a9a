import { type ConstDirectiveNode, Kind, parse, valueFromASTUntyped } from 'graphql';
import { z } from 'zod';

/** How long a list may get, from `@listSize` of the IBM cost directives specification. */
export type ListSize = {
  readonly assumedSize?: number | undefined;
  /** Arguments of which the largest is the size. */
  readonly slicingArguments?: readonly string[] | undefined;
  /** Where the list is, when the field itself returns a page. */
  readonly sizedFields?: readonly string[] | undefined;
};

/** The weights and sizes that a supergraph states; keys are `Type`, `Type.field` and `Type.field(argument)`. */
export type CostModel = {
  readonly weights: ReadonlyMap<string, number>;
  readonly sizes: ReadonlyMap<string, ListSize>;
};

const costArguments = z.object({ weight: z.coerce.number() });
const listSizeArguments = z.object({
  assumedSize: z.number().optional(),
  slicingArguments: z.array(z.string()).optional(),
  sizedFields: z.array(z.string()).optional(),
});

/** Reads `@cost` and `@listSize`. Apollo composes both into the supergraph; the API schema has lost them. */
export function costModel(supergraphSdl: string): CostModel {
  const weights = new Map<string, number>();
  const sizes = new Map<string, ListSize>();
  const read = (key: string, directives: readonly ConstDirectiveNode[] = []) => {
    for (const directive of directives) {
      if (directive.name.value === 'cost')
        weights.set(key, costArguments.parse(argumentsOf(directive)).weight);
      if (directive.name.value === 'listSize')
        sizes.set(key, listSizeArguments.parse(argumentsOf(directive)));
    }
  };
  for (const node of parse(supergraphSdl).definitions) {
    if (!('name' in node) || !node.name || node.kind === Kind.DIRECTIVE_DEFINITION) continue;
    const type = node.name.value;
    if ('directives' in node) read(type, node.directives as readonly ConstDirectiveNode[]);
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const field of node.fields ?? []) {
      read(`${type}.${field.name.value}`, field.directives);
      for (const argument of field.arguments ?? [])
        read(`${type}.${field.name.value}(${argument.name.value})`, argument.directives);
    }
  }
  return { weights, sizes };
}

function argumentsOf({ arguments: given = [] }: ConstDirectiveNode): Record<string, unknown> {
  return Object.fromEntries(given.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
}
