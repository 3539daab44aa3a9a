import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql';

/** Refuses `__typename` as another field's name in the answer: what joins the subgraphs' data reads the type there. */
export function reservedAlias(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.alias?.value === '__typename' && node.name.value !== '__typename')
        context.reportError(
          new GraphQLError('Expected another alias than __typename, which is reserved', { nodes: node }),
        );
    },
  };
}
