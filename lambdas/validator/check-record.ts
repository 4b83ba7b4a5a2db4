/** Whether one record could be sent: its size, what the filter leaves of it, and what the model is known to take. */

import { columnsOf } from '#core/batch/processing/csv-columns.ts';
import { readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { createRecordProcessor } from '#core/batch/processing/record-processor.ts';
import type { SourceRecord } from '#core/batch/record-splitter.ts';
import { type ErrorCode, TwinvecError, toTwinvecError } from '#core/errors.ts';
import { parseContentType } from '#core/http/content-type.ts';
import type { InputSizes } from '#core/jobs/transform-definition.ts';
import { jsonDocument, kindOf, membersOf } from '#core/json-path/json-spans.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { decodeInferenceRequest } from '#core/object2vec/codec.ts';
import type { DecodeOptions, InferenceMode, InputRules } from '#core/object2vec/inference-request.ts';
import { checkForm } from '#core/tensors/check-form.ts';
import { UNREAD_TEXT } from '#core/text/text-reader.ts';
import type { ValidateEvent } from './event.ts';

export interface RecordProblem {
  readonly error: TwinvecError;
  /** Whether it costs more than this record. */
  readonly fatal: boolean;
}

export type RecordCheck = (record: Pick<SourceRecord, 'bytes'>) => RecordProblem | undefined;

/**
 * A check for the records of one object.
 *
 * @throws TwinvecError ValidationFailed for filters that make no sense
 */
export function createRecordCheck(event: ValidateEvent): RecordCheck {
  const mostBytes = mebibytes(event.maxPayloadInMB);
  const process = createProcessing(event);
  const checkModel = event.modelKind === 'object2vec' ? object2vecCheck(event) : formCheck(event);
  return ({ bytes }) => {
    if (bytes.length > mostBytes) return fatal('PayloadTooLarge', tooLarge(bytes.length, event.maxPayloadInMB));
    try {
      return checkModel(process(bytes));
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      return { error, fatal: COSTS_ITS_OBJECT.has(error.code) };
    }
  };
}

/** What the platform itself cannot do with a record, for which there is no placeholder. */
const COSTS_ITS_OBJECT: ReadonlySet<ErrorCode> = new Set(['FilterMismatch', 'Conflict']);

/** What the platform does with a record before the model gets it. */
function createProcessing(event: ValidateEvent): (record: Uint8Array) => Uint8Array {
  const processing = readDataProcessing({ ...event, maxPayloadMb: event.maxPayloadInMB });
  if (!processing) return (record) => record;
  const { filterInput } = createRecordProcessor(processing);
  const joins = processing.joinSource === 'Input';
  return (record) => {
    if (joins && processing.inputFormat === 'csv') columnsOf(record);
    else if (joins) refuseReservedMember(record);
    return filterInput ? asFilterProblem(() => filterInput(record)) : record;
  };
}

/** The join would overwrite it (spec faults Q15). */
function refuseReservedMember(record: Uint8Array): void {
  const document = jsonDocument(record);
  if (kindOf(document) !== 'object') return;
  if (!membersOf(document).some(({ name }) => name === 'SageMakerOutput')) return;
  throw new TwinvecError('Conflict', 'The record has a SageMakerOutput already, which the join would overwrite.');
}

function asFilterProblem(filter: () => Uint8Array): Uint8Array {
  try {
    return filter();
  } catch (thrown) {
    const { message } = toTwinvecError(thrown);
    throw new TwinvecError('FilterMismatch', `InputFilter: ${message}`);
  }
}

function object2vecCheck(event: ValidateEvent): (record: Uint8Array) => RecordProblem | undefined {
  const options = decodeOptions(event);
  const mediaType = parseContentType(event.contentType);
  let first: InferenceMode | undefined;
  return (record) => {
    const { mode } = decodeInferenceRequest(record, mediaType, options);
    first ??= mode;
    if (mode === first) return undefined;
    return fatal('MixedInputs', `The record asks for ${mode}, the first of its object for ${first}.`);
  };
}

/** Sequences over the model's length are cut by the model, as at AWS, so length is not a problem to report. */
function decodeOptions({ inputs, splitType }: ValidateEvent): DecodeOptions {
  const unknown = { vocabularySize: LIMITS.tokenId.value, maxSeqLen: LIMITS.sequenceLength.value, text: true };
  const { in0, in1 } = inputs ?? { in0: unknown, in1: unknown };
  const maxRecords = splitType === 'Line' ? 1 : LIMITS.batchRecords.value;
  return { in0: rulesOf(in0), in1: rulesOf(in1), maxRecords, tolerateBadRecords: false };
}

/** The words are with the model: text passes when the model is said to read it, or nothing is known of the model. */
function rulesOf({ text, ...sizes }: InputSizes): InputRules {
  return { ...sizes, ...(text && { text: UNREAD_TEXT }) };
}

/** A record that lost its frame is what the frame held. */
function formCheck({ contentType, splitType, batchStrategy }: ValidateEvent): (record: Uint8Array) => undefined {
  const unframed = batchStrategy === 'SingleRecord' && (splitType === 'TFRecord' || splitType === 'RecordIO');
  const single = splitType === 'TFRecord' ? 'application/x-tfexample' : 'application/octet-stream';
  const mediaType = parseContentType(unframed ? single : contentType);
  return (record) => {
    checkForm(record, mediaType);
    return undefined;
  };
}

function fatal(code: ErrorCode, message: string): RecordProblem {
  return { error: new TwinvecError(code, message), fatal: true };
}

function tooLarge(bytes: number, maxPayloadInMB: number): string {
  return `The record has ${bytes} bytes; MaxPayloadInMB is ${maxPayloadInMB}. Raise it or shorten the record.`;
}
