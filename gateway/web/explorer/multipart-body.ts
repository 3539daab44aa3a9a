import type { UploadSlot } from './upload-slots.ts';

export type ChosenFiles = { readonly slot: UploadSlot; readonly files: readonly File[] };
export type GraphQLRequest = { query: string; operationName?: string | null; variables?: unknown };

/** A request by the GraphQL multipart request specification: null stands in the variables where a file belongs. */
export function multipartBody(request: GraphQLRequest, chosen: readonly ChosenFiles[]): FormData {
  const variables = structuredClone((request.variables ?? {}) as Record<string, unknown>);
  const map: Record<string, string[]> = {};
  const files: File[] = [];
  for (const { slot, files: ofSlot } of chosen) {
    place(variables, slot.path.split('.'), slot.many ? ofSlot.map(() => null) : null);
    for (const [index, file] of (slot.many ? ofSlot : ofSlot.slice(0, 1)).entries()) {
      const path = slot.many ? `${slot.path}.${index}` : slot.path;
      map[String(files.length)] = [`variables.${path}`];
      files.push(file);
    }
  }
  const body = new FormData();
  body.set('operations', JSON.stringify({ ...request, variables }));
  body.set('map', JSON.stringify(map));
  for (const [index, file] of files.entries()) body.set(String(index), file);
  return body;
}

function place(
  holder: Record<string, unknown>,
  [key = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    holder[key] = value;
    return;
  }
  const inner = holder[key];
  const next = typeof inner === 'object' && inner !== null ? inner : {};
  holder[key] = next;
  place(next as Record<string, unknown>, rest, value);
}
