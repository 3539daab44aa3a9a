import { type DirectiveNode, GraphQLError, type SelectionSetNode, type ValidationRule } from 'graphql';

/** Refuses `@skip` and `@include` with a variable on the root of a subscription. graphql-js collects the root's
 *  fields while it validates, without variables, and throws there. Thrown for the same reason when the rule is
 *  made: a rule that only reports would still let the other one run. */
export const steadySubscriptionRoot: ValidationRule = (context) => {
  const unsteady = (set: SelectionSetNode, open: readonly string[]): boolean =>
    set.selections.some((selection) => {
      if (selection.directives?.some(dependsOnVariable)) return true;
      if (selection.kind === 'InlineFragment') return unsteady(selection.selectionSet, open);
      if (selection.kind !== 'FragmentSpread' || open.includes(selection.name.value)) return false;
      const fragment = context.getFragment(selection.name.value);
      return fragment ? unsteady(fragment.selectionSet, [...open, fragment.name.value]) : false;
    });
  for (const definition of context.getDocument().definitions) {
    const isSubscription =
      definition.kind === 'OperationDefinition' && definition.operation === 'subscription';
    if (isSubscription && unsteady(definition.selectionSet, []))
      throw new GraphQLError('Expected the root field of a subscription without @skip or @include', {
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
      });
  }
  return {};
};

function dependsOnVariable({ name, arguments: given }: DirectiveNode): boolean {
  return (
    (name.value === 'skip' || name.value === 'include') &&
    (given?.some(({ value }) => value.kind === 'Variable') ?? false)
  );
}
