import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import { RadiographError } from '#common/errors.ts';

/** The cells of the wanted columns, by column; `line` is where the row ends in the file. */
export type SheetRow = { readonly line: number; readonly cells: ReadonlyMap<string, string> };

const MOST_BYTES = 256 * 1024 ** 2;
const MOST_ROWS = 500_000;
const LONGEST_ROW = 1024 ** 2;

type Record = { readonly record: string[]; readonly info: { readonly lines: number } };

/** Reads a CSV file (RFC 4180; UTF-8 with or without a byte order mark; any end of line), keeping the wanted columns.
 *  @throws RadiographError BAD_USER_INPUT */
export async function readSheet(
  path: string,
  columns: ReadonlySet<string>,
  delimiter: string,
): Promise<SheetRow[]> {
  const size = await stat(path).then(
    (file) => (file.isFile() ? file.size : undefined),
    () => undefined,
  );
  if (size === undefined)
    throw new RadiographError('BAD_USER_INPUT', 'Expected a CSV file, got none that can be read');
  if (size > MOST_BYTES)
    throw new RadiographError(
      'BAD_USER_INPUT',
      `Expected a file of at most ${MOST_BYTES / 1024 ** 2} MiB, got a larger one`,
    );
  const parser = createReadStream(path).compose(
    parse({
      ...{ bom: true, delimiter, trim: true, info: true, skip_empty_lines: true },
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: LONGEST_ROW,
    }),
  );
  let places: readonly (readonly [column: string, place: number])[] | undefined;
  const rows: SheetRow[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<Record>) {
      if (!places) {
        places = placesOf(record, columns);
        continue;
      }
      if (rows.length === MOST_ROWS)
        throw new RadiographError('BAD_USER_INPUT', `Expected at most ${MOST_ROWS} rows, got more of them`);
      rows.push({
        line: info.lines,
        cells: new Map(places.map(([column, place]) => [column, record[place] ?? ''])),
      });
    }
  } catch (error) {
    if (error instanceof CsvError) throw new RadiographError('BAD_USER_INPUT', sentenceOf(error));
    throw error;
  }
  if (!places)
    throw new RadiographError(
      'BAD_USER_INPUT',
      'Expected a line with the names of the columns, got an empty file',
    );
  if (rows.length === 0)
    throw new RadiographError('BAD_USER_INPUT', 'Expected rows under the names of the columns, got none');
  return rows;
}

function placesOf(header: readonly string[], columns: ReadonlySet<string>) {
  const missing = [...columns].filter((column) => !header.includes(column));
  if (missing.length > 0) {
    const named = missing.slice(0, 5).join(', ');
    throw new RadiographError(
      'BAD_USER_INPUT',
      `Expected the columns of the mapping, got a sheet without ${missing.length} of them: ${named}${missing.length > 5 ? ', …' : ''}`,
    );
  }
  const twice = [...columns].find((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice !== undefined)
    throw new RadiographError('BAD_USER_INPUT', `Expected each column once, got ${twice} twice`);
  return [...columns].map((column) => [column, header.indexOf(column)] as const);
}

/** The parser's own messages repeat cells of the sheet. */
function sentenceOf(error: CsvError): string {
  const line = `Line ${String(error.lines ?? '?')}`;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return `${line}: expected as many cells as there are columns, got another number`;
    case 'CSV_QUOTE_NOT_CLOSED':
      return `${line}: expected the end of a quoted cell, got the end of the file`;
    case 'CSV_MAX_RECORD_SIZE':
      return `${line}: expected a row of at most ${LONGEST_ROW / 1024 ** 2} MiB, got a longer one (is a quote left open?)`;
    default:
      return `${line}: expected CSV, got a text that is none (${error.code})`;
  }
}
