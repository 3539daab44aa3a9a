import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { timeOf } from '../domain/clinical-time.ts';

export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
  serialize: (value) => String(value),
});

function parse(value: unknown): string {
  const at = typeof value === 'string' ? timeOf(value) : undefined;
  if (at === undefined)
    throw new GraphQLError('Expected a time such as 2026-11-01T08:30:00Z, got another value', {
      extensions: { code: 'BAD_USER_INPUT' },
    });
  return new Date(at).toISOString();
}
