/** What the graph answers to one operation. */
export type GraphResult<Data> = {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
};

/** The first error of an answer, or of a file; `code` is one of the closed list that the schema tells of. */
export class RadiographFault extends Error {
  override name = 'RadiographFault';
  readonly code: string;

  constructor({ code = 'INTERNAL', message = 'The answer holds no result' } = {}) {
    super(message);
    this.code = code;
  }
}

/** The data of an answer. What a part of the system cannot answer for the moment is null in it, so an error beside data is no
 *  fault of the whole. @throws RadiographFault when there is no data */
export function dataOf<Data>({ data, errors }: GraphResult<Data>): Data {
  if (data) return data;
  const [error] = errors ?? [];
  throw new RadiographFault(error && { message: error.message, code: error.extensions?.code ?? 'INTERNAL' });
}
