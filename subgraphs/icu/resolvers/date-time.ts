import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
  serialize: (value) => String(value),
});

function parse(value: unknown): string {
  if (typeof value !== 'string' || !ISO_8601.test(value) || !isDay(value) || Number.isNaN(Date.parse(value)))
    throw new GraphQLError('Expected a time such as 2026-11-01T08:30:00Z, got another value', {
      extensions: { code: 'BAD_USER_INPUT' },
    });
  return new Date(value).toISOString();
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(time: string): boolean {
  const day = time.slice(0, 10);
  const at = Date.parse(day);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}
