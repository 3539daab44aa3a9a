/** Where the explorer opens with an operation in its editors; behind the #, which the server never sees. */
export function explorerLink(query: string, variables: object): string {
  const state = new URLSearchParams({ query, variables: JSON.stringify(variables, null, 2) });
  return `/explorer#${state}`;
}
