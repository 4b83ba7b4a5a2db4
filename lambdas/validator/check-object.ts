/**
 * One object, read as a stream: every record that a transform would choke on, with its line and byte offset.
 * Memory holds one chunk and one record.
 */
import type { SourceRecord } from '#core/batch/record-splitter.ts';
import { splitLines } from '#core/batch/split-lines.ts';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { parseContentType } from '#core/http/content-type.ts';
import type { InputSizes } from '#core/jobs/transform-definition.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { decodeInferenceRequest } from '#core/object2vec/codec.ts';
import type { DecodeOptions, InferenceMode, InputRules } from '#core/object2vec/inference-request.ts';
import { UNREAD_TEXT } from '#core/text/text-reader.ts';
import type { ValidatorEvent } from './event.ts';
import type { ReportBuilder } from './report.ts';

const JSON_LINES = parseContentType('application/jsonlines');

/** @param object Address for the report */
export async function checkObject(
  chunks: AsyncIterable<Uint8Array>,
  object: string,
  event: ValidatorEvent,
  report: ReportBuilder,
): Promise<void> {
  const check = createRecordCheck(event);
  try {
    for await (const records of splitLines(chunks)) {
      for (const record of records) {
        report.countRecord();
        const problem = check(record);
        if (!problem) continue;
        const { line, byteOffset } = record;
        const { code, message } = problem.error;
        const entry = { object, line, byteOffset, code, message };
        if (problem.fatal) report.addFatal(entry);
        else report.addBadRecord(entry);
      }
    }
  } catch (thrown) {
    const { code, message } = toTwinvecError(thrown);
    // A line over the platform's own limit ends the reading of this object; a failing S3 ends the whole step.
    if (code !== 'PayloadTooLarge') throw thrown;
    report.addFatal({ object, code, message });
  }
}

interface RecordProblem {
  readonly error: TwinvecError;
  /** Whether it costs more than this record. */
  readonly fatal: boolean;
}

function createRecordCheck(event: ValidatorEvent): (record: SourceRecord) => RecordProblem | undefined {
  const options = decodeOptions(event);
  const mostBytes = mebibytes(event.maxPayloadInMB);
  let first: InferenceMode | undefined;
  return ({ bytes }) => {
    if (bytes.length > mostBytes) return oversize(bytes.length, event.maxPayloadInMB);
    try {
      const { mode } = decodeInferenceRequest(bytes, JSON_LINES, options);
      const wanted = first ?? mode;
      first = wanted;
      return mode === wanted ? undefined : mixed(wanted, mode);
    } catch (thrown) {
      return { error: toTwinvecError(thrown), fatal: false };
    }
  };
}

/** Sequences over the model's length are cut by the model, as at AWS, so length is not a problem to report. */
function decodeOptions(event: ValidatorEvent): DecodeOptions {
  const unknown = { vocabularySize: LIMITS.tokenId.value, maxSeqLen: LIMITS.sequenceLength.value, text: true };
  const { in0, in1 } = event.inputs ?? { in0: unknown, in1: unknown };
  return { in0: rulesOf(in0), in1: rulesOf(in1), maxRecords: 1, tolerateBadRecords: false };
}

/** The words are with the model: text passes when the model is said to read it, or nothing is known of the model. */
function rulesOf({ text, ...sizes }: InputSizes): InputRules {
  return { ...sizes, ...(text && { text: UNREAD_TEXT }) };
}

function oversize(bytes: number, maxPayloadInMB: number): RecordProblem {
  const message = `The record has ${bytes} bytes; MaxPayloadInMB is ${maxPayloadInMB}. Raise it or shorten the record.`;
  return { error: new TwinvecError('PayloadTooLarge', message), fatal: true };
}

function mixed(first: InferenceMode, found: InferenceMode): RecordProblem {
  const message = `The record asks for ${found}, the first of its object for ${first}.`;
  return { error: new TwinvecError('MixedInputs', message), fatal: true };
}
