export type LinkedOperation = { readonly query: string; readonly variables: string };

/** The operation that a link hands over behind the #: `query` and `variables`, form-encoded. The server never sees it. */
export function linkedOperation(hash: string): LinkedOperation | undefined {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const query = given.get('query');
  return query ? { query, variables: given.get('variables') ?? '{}' } : undefined;
}
