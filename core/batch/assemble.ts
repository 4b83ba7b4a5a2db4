/**
 * From the response of one mini-batch to the bytes of the output object: AssembleWith (spec sagemaker 2.3), and the
 * reconciliation that keeps a lost record from going unnoticed (spec faults Q13).
 */
import { TwinvecError } from '#core/errors.ts';
import type { MiniBatch, MiniBatchOptions } from './mini-batches.ts';
import { atLine } from './record-splitter.ts';
import { isPlaceholder, linesOf, type Placeholder, quoteLine, recordsOfLines } from './response-records.ts';

export type AssembleWith = 'None' | 'Line';

export interface AssembleOptions extends Pick<MiniBatchOptions, 'splitType' | 'strategy'> {
  readonly assembleWith: AssembleWith;
  /** What is written for the answer to one record, in place of the answer. */
  readonly finish?: ((raw: Uint8Array, answer: Uint8Array) => Uint8Array) | undefined;
}

export interface ModelResponse {
  readonly body: Uint8Array;
  /** The media type without parameters, in lower case; empty when the response named none. */
  readonly mediaType: string;
}

export interface AssembledPart {
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly placeholders: readonly Placeholder[];
}

/** Formats in which one line is one record. */
const LINE_FORMATS = new Set(['application/jsonlines', 'application/x-jsonlines', 'application/x-ndjson', 'text/csv']);
const NEWLINE = Uint8Array.of(0x0a);

/**
 * Line: the part ends with exactly one newline, whether or not the response already had it. None: the bytes as they
 * are. A response to one record is that record, however many lines it has; a response in a line format to several
 * records must have as many lines.
 *
 * @throws TwinvecError ModelFailed when the number of records differs, and what `finish` throws, with the line
 */
export function assemble(
  response: ModelResponse,
  batch: Pick<MiniBatch, 'lines' | 'sources'>,
  options: AssembleOptions,
): AssembledPart {
  if (options.finish) return assembleFinished(response, batch, options, options.finish);
  const bytes = options.assembleWith === 'Line' ? endWithOneNewline(response.body) : response.body;
  const perLine = hasLinePerRecord(response.mediaType, options);
  const found = perLine
    ? recordsOfLines(response.body)
    : { count: countOfWhole(response, options), placeholders: placeholderOfWhole(response) };
  if (options.strategy === 'SingleRecord') return { bytes, records: 1, placeholders: found.placeholders };
  if (found.count !== undefined) requireCount(found.count, batch.lines.length);
  return { bytes, records: batch.lines.length, placeholders: found.placeholders };
}

/** Whether lines of a response can be counted against the records that were sent. */
export function hasLinePerRecord(mediaType: string, { splitType }: Pick<AssembleOptions, 'splitType'>): boolean {
  return splitType !== 'None' && LINE_FORMATS.has(mediaType);
}

/** @throws TwinvecError ModelFailed */
export function requireCount(answered: number, sent: number): void {
  if (answered === sent) return;
  throw new TwinvecError(
    'ModelFailed',
    `the model answered ${answered} records for the ${sent} that were sent: the output would not line up with the input`,
  );
}

/** Filters and joins want one answer for each record. Of several records each has its line, of one the whole is its answer. */
function assembleFinished(
  { body }: ModelResponse,
  { lines, sources }: Pick<MiniBatch, 'lines' | 'sources'>,
  { strategy, splitType, assembleWith }: AssembleOptions,
  finish: (raw: Uint8Array, answer: Uint8Array) => Uint8Array,
): AssembledPart {
  const whole = strategy === 'SingleRecord' || splitType === 'None';
  const answers = whole ? [body] : [...linesOf(body)];
  requireCount(answers.length, lines.length);
  const placeholders: Placeholder[] = [];
  const parts: Uint8Array[] = [];
  for (const [index, answer] of answers.entries()) {
    if (isPlaceholder(answer)) placeholders.push({ index, text: quoteLine(answer) });
    parts.push(atLine(lines[index]!, () => finish(sources[index] ?? answer, answer)));
    if (assembleWith === 'Line') parts.push(NEWLINE);
  }
  return { bytes: Buffer.concat(parts), records: lines.length, placeholders };
}

/** Records of a response that is one document; undefined when its format does not tell. */
function countOfWhole(response: ModelResponse, options: AssembleOptions): number | undefined {
  if (options.splitType === 'None' || response.mediaType !== 'application/json') return undefined;
  try {
    const document: unknown = JSON.parse(Buffer.from(response.body).toString('utf8'));
    if (Array.isArray(document)) return document.length;
    if (document !== null && typeof document === 'object' && 'predictions' in document) {
      return Array.isArray(document.predictions) ? document.predictions.length : undefined;
    }
    return undefined;
  } catch {
    // Several documents under the name of one: nothing to count, and nothing that the service would refuse.
    return undefined;
  }
}

/** A whole response that is a placeholder stands for its first record. */
function placeholderOfWhole(response: ModelResponse): readonly Placeholder[] {
  return recordsOfLines(response.body.subarray(0, 4096)).placeholders.filter(({ index }) => index === 0);
}

function endWithOneNewline(body: Uint8Array): Uint8Array {
  return body.at(-1) === 0x0a ? body : Buffer.concat([body, NEWLINE]);
}
