type Operation = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };

/** An operation with files, by the GraphQL multipart request specification.
 *  @param variable whose null, or whose list of them, stands for the files */
export function multipartForm(
  operation: Operation,
  variable: string,
  files: Blob | readonly Blob[],
): FormData {
  const parts = [files].flat();
  const places = parts.map((_, i) => [i, [`variables.${variable}${Array.isArray(files) ? `.${i}` : ''}`]]);
  const form = new FormData();
  form.set('operations', JSON.stringify(operation));
  form.set('map', JSON.stringify(Object.fromEntries(places)));
  for (const [i, file] of parts.entries()) form.set(String(i), file);
  return form;
}
