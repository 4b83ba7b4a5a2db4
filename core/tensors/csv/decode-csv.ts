/**
 * `text/csv` requests, RFC 4180: one row is one instance. A row never becomes something else than what it says: ragged
 * rows, empty cells and what is no number by the documented grammar are errors with record and column.
 */
import { TwinvecError } from '#core/errors.ts';
import { refuseUnreadableBody } from '#core/http/body-check.ts';
import type { MediaType } from '#core/http/content-type.ts';
import { BYTE } from '#core/json/byte-cursor.ts';
import { CsvCursor } from '#core/text/csv-cursor.ts';
import { scanPlainFloats } from '../plain-floats.ts';
import { RowRequest } from '../row-request.ts';
import { DEFAULT_SIGNATURE, signatureNamed, type TensorSignatures } from '../signature.ts';
import type { TensorDecodeOptions, TensorRequest } from '../tensor-request.ts';
import { CsvLayout } from './csv-layout.ts';
import { scanField } from './scan-field.ts';

/**
 * @throws EmptyBody when there is no row (a batch of nothing is an empty request instead), PayloadTooLarge,
 *   UnsupportedMediaType; InvalidTensor and MalformedBody, which batch mode keeps as failures in their places
 */
export function decodeCsv(
  body: Uint8Array,
  signatures: TensorSignatures,
  options: TensorDecodeOptions,
  mediaType: MediaType,
): TensorRequest {
  refuseUnreadableBody(body);
  if (options.method !== 'predict') {
    throw new TwinvecError('UnsupportedMediaType', `CSV is for predict; send JSON to ${options.method}`);
  }
  const signatureName = options.signatureName ?? DEFAULT_SIGNATURE;
  const layout = new CsvLayout(signatureNamed(signatures, signatureName));
  const cursor = new CsvCursor(body, { lineBreaksInQuotes: !options.tolerateBadRecords });
  readHeader(cursor, layout, mediaType);
  const request = new RowRequest(layout, options);
  request.addAll(
    () => cursor.nextRow(),
    (record) => {
      cursor.record = record;
      readRow(cursor, layout);
    },
    () => cursor.skipLine(),
  );
  return request.finish(signatureName);
}

function readRow(cursor: CsvCursor, layout: CsvLayout): void {
  const wanted = layout.columns;
  const rowAt = cursor.at;
  const floats = layout.onlyFloats;
  let columns = 0;
  do {
    if (floats) {
      const from = floats.length;
      const most = wanted < 0 ? Number.POSITIVE_INFINITY : wanted - columns;
      const isDue = scanPlainFloats(cursor, floats, BYTE.newline, most);
      columns += floats.length - from;
      cursor.column = columns;
      if (!isDue) break;
    }
    const column = layout.columnAt(columns);
    if (!column || columns === wanted) throw wrongWidth(cursor, rowAt, wanted);
    scanField(cursor, column);
    columns++;
  } while (cursor.takeComma());
  if (wanted >= 0 && columns !== wanted) throw wrongWidth(cursor, rowAt, wanted);
  layout.endFirstRow(columns);
  cursor.endRow();
}

/** Counts the columns of the row, for the message. */
function wrongWidth(cursor: CsvCursor, rowAt: number, wanted: number): TwinvecError {
  cursor.at = rowAt;
  cursor.column = 0;
  do cursor.readField();
  while (cursor.takeComma());
  const problem = `${cursor.place()} has ${cursor.column + 1} columns, where ${wanted} are due`;
  return new TwinvecError('InvalidTensor', problem, cursor.errorPlace());
}

function readHeader(cursor: CsvCursor, layout: CsvLayout, { parameters }: MediaType): void {
  const header = parameters.get('header')?.toLowerCase() ?? 'absent';
  if (header !== 'present' && header !== 'absent') {
    throw new TwinvecError('UnsupportedMediaType', 'The header parameter of text/csv is present or absent');
  }
  if (header === 'absent') {
    if (!layout.needsHeader) return;
    const advice = 'send text/csv; header=present with their names in the first row, or JSON';
    throw new TwinvecError('InvalidTensor', `The model has several inputs and CSV columns have no names; ${advice}`);
  }
  if (!cursor.nextRow()) return;
  const names: string[] = [];
  do names.push(Buffer.from(cursor.readField()).toString('utf8').trim());
  while (cursor.takeComma());
  cursor.endRow();
  layout.takeHeader(names);
}
