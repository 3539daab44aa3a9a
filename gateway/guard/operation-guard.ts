import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { type AccessRules, accessFault, accessRules } from '#common/access.ts';
import type { Caller } from '#common/caller.ts';
import { RadiographError } from '#common/errors.ts';
import type { GatewayContext } from '../context.ts';
import { type CostModel, costModel } from './cost-model.ts';
import { type CostedOperation, operationCost } from './operation-cost.ts';
import { operationLimits, tooComplex } from './operation-limits.ts';
import { reservedAlias } from './reserved-alias.ts';

export type OperationGuardOptions = {
  /** Whether clients may ask for the schema; else errors do not hint at its names either. */
  readonly introspection: boolean;
  readonly maxCost: number;
};

/** What an operation must keep to, over whichever transport it comes. */
export type OperationGuard = {
  readonly rules: readonly ValidationRule[];
  readonly hideSuggestions: boolean;
  /** Reads costs and scopes from this supergraph from now on. */
  useSupergraph(sdl: string): void;
  /** @returns the fault of a valid operation that costs too much */
  costFault(operation: CostedOperation): GraphQLError | undefined;
  /** @returns the fault of a valid operation with fields that its caller has no scope for */
  accessFault(operation: CostedOperation, caller: Caller): GraphQLError | undefined;
  /** The same guard for Apollo Server's own pipeline; `rules` go there as `validationRules`. */
  readonly plugin: ApolloServerPlugin<GatewayContext>;
};

export function operationGuard({ introspection, maxCost }: OperationGuardOptions): OperationGuard {
  const always = [operationLimits, reservedAlias];
  let model: CostModel = { weights: new Map(), sizes: new Map() };
  let rules: AccessRules = new Map();
  const forbidden = ({ schema, document, operation }: CostedOperation, caller: Caller) =>
    accessFault(rules, schema, document, operation.name?.value, caller);
  const costFault = (operation: CostedOperation) => {
    const cost = Math.ceil(operationCost(model, operation));
    return cost > maxCost ? tooComplex('objects in an answer', maxCost, cost) : undefined;
  };
  return {
    rules: introspection ? always : [...always, NoSchemaIntrospectionCustomRule],
    hideSuggestions: !introspection,
    useSupergraph(sdl) {
      model = costModel(sdl);
      rules = accessRules(sdl);
    },
    costFault,
    accessFault: forbidden,
    plugin: {
      async requestDidStart() {
        return {
          async didResolveOperation({ schema, document, operation, request, contextValue }) {
            if (!operation)
              throw new RadiographError('BAD_USER_INPUT', 'Expected operationName to name one operation');
            const costed = { schema, document, operation, variables: request.variables ?? {} };
            const fault = forbidden(costed, contextValue.caller) ?? costFault(costed);
            if (fault) throw fault;
          },
          async willSendResponse({ response: { body } }) {
            if (body.kind !== 'single' || !body.singleResult.errors) return;
            body.singleResult.errors = decisive(body.singleResult.errors);
          },
        };
      },
    },
  };
}

/** Of the faults of an operation that is too complex only this one is told: the others may be thousands. */
export function decisive<Fault extends { readonly extensions?: Readonly<Record<string, unknown>> }>(
  faults: readonly Fault[],
): readonly Fault[] {
  const tooMuch = faults.filter(({ extensions }) => extensions?.code === 'QUERY_TOO_COMPLEX');
  return tooMuch.length > 0 ? tooMuch : faults;
}

/** GraphQL allows no `@skip` and `@include` at the root of a subscription: it would have no field or several. The
 *  library does not report that but throws, when the condition is a variable.
 *  @returns the fault, found before the document is validated */
export function conditionalSubscription(document: DocumentNode): GraphQLError | undefined {
  const seen = new Set<string>();
  const isConditional = ({ selections }: SelectionSetNode): boolean =>
    selections.some((selection) => {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include'))
        return true;
      if (selection.kind === Kind.INLINE_FRAGMENT) return isConditional(selection.selectionSet);
      if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) return false;
      seen.add(selection.name.value);
      const fragment = document.definitions.find(
        (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === selection.name.value,
      );
      return fragment?.kind === Kind.FRAGMENT_DEFINITION && isConditional(fragment.selectionSet);
    });
  const found = document.definitions.some(
    (node) =>
      node.kind === Kind.OPERATION_DEFINITION &&
      node.operation === OperationTypeNode.SUBSCRIPTION &&
      isConditional(node.selectionSet),
  );
  if (!found) return undefined;
  return new GraphQLError('Expected no @skip and no @include at the root of a subscription', {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
}
