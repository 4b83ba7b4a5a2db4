/**
 * One record on its way through filter, model, join and filter (spec sagemaker 2.6), as bytes: what is not selected,
 * joined or added stays exactly as it was written.
 */
import { TwinvecError } from '#core/errors.ts';
import { isWholeDocument } from '#core/json-path/json-path.ts';
import { jsonDocument, kindOf, type Member, membersOf } from '#core/json-path/json-spans.ts';
import { selectColumns } from '#core/json-path/select-columns.ts';
import { objectOf, selectJson } from '#core/json-path/select-json.ts';
import { columnsOf, rowOf } from './csv-columns.ts';
import type { DataProcessing } from './data-processing.ts';

export interface RecordProcessor {
  /** What is sent for a record; undefined when records are sent as they are. */
  readonly filterInput: ((record: Uint8Array) => Uint8Array) | undefined;
  /** What is written for an answer to one record; undefined when answers are written as they are. */
  readonly finish: ((raw: Uint8Array, answer: Uint8Array) => Uint8Array) | undefined;
}

export interface InferenceIds {
  /** A random UUID. */
  readonly nextId: () => string;
  /** When the job started, such as `2022-08-30T00:49:15Z`. */
  readonly time: string;
}

export function createRecordProcessor(processing: DataProcessing, ids?: InferenceIds): RecordProcessor {
  const { inputFormat, outputFormat, inputFilter, outputFilter, joinSource } = processing;
  const filtersInput = inputFormat !== undefined && !isWholeDocument(inputFilter);
  const joins = joinSource === 'Input';
  const appended = processing.generateInferenceId ? ids : undefined;

  const finishCsv = (raw: Uint8Array, answer: Uint8Array): Uint8Array => {
    const answered = parsed('CSV', () => columnsOf(answer));
    const joined = joins ? [...columnsOf(raw), ...answered] : answered;
    const selected = selectColumns(joined, outputFilter);
    return rowOf(appended ? [...selected, Buffer.from(appended.nextId()), Buffer.from(appended.time)] : selected);
  };
  const finishJson = (raw: Uint8Array, answer: Uint8Array): Uint8Array => {
    const answered = parsed('JSON', () => onOneLine(jsonDocument(answer)));
    const joined = joins ? joinJson(jsonDocument(raw), answered) : answered;
    const selected = isWholeDocument(outputFilter) ? joined : selectJson(joined, outputFilter);
    return appended ? withInferenceId(selected, appended) : selected;
  };
  const finish = outputFormat === 'csv' ? finishCsv : finishJson;

  return {
    filterInput: filtersInput ? (record) => filterRecord(record, processing) : undefined,
    finish: outputFormat === undefined ? undefined : finish,
  };
}

function filterRecord(record: Uint8Array, { inputFormat, inputFilter }: DataProcessing): Uint8Array {
  return inputFormat === 'csv' ? rowOf(selectColumns(columnsOf(record), inputFilter)) : selectJson(record, inputFilter);
}

/** A member that has the name already is replaced in its place, as the service says it may be. */
function joinJson(raw: Uint8Array, answer: Uint8Array): Uint8Array {
  const output: Member = { name: 'SageMakerOutput', value: answer };
  if (kindOf(raw) !== 'object') return objectOf([{ name: 'SageMakerInput', value: raw }, output]);
  return withMembers(raw, [output]);
}

/** The two reserved members; an answer that is no object is put into one, as a join would. */
function withInferenceId(document: Uint8Array, { nextId, time }: InferenceIds): Uint8Array {
  const reserved = [
    { name: 'SageMakerInferenceId', value: Buffer.from(JSON.stringify(nextId())) },
    { name: 'SageMakerInferenceTime', value: Buffer.from(JSON.stringify(time)) },
  ];
  if (kindOf(document) === 'object') return withMembers(document, reserved);
  return objectOf([{ name: 'SageMakerOutput', value: document }, ...reserved]);
}

function withMembers(object: Uint8Array, added: readonly Member[]): Uint8Array {
  const members = membersOf(object);
  const names = new Set(members.map(({ name }) => name));
  if (!added.some(({ name }) => names.has(name))) return appendMembers(object, members.length > 0, added);
  const replaced = new Map(added.map(({ name, value }) => [name, value]));
  const kept = members.map(({ name, value }) => ({ name, value: replaced.get(name) ?? value }));
  return objectOf([...kept, ...added.filter(({ name }) => !names.has(name))]);
}

/** The usual case: the object's own bytes, and the new members before its last brace. */
function appendMembers(object: Uint8Array, hasMembers: boolean, added: readonly Member[]): Uint8Array {
  const parts = added.flatMap(({ name, value }, index) => [
    Buffer.from(`${hasMembers || index > 0 ? ',' : ''}${JSON.stringify(name)}:`),
    value,
  ]);
  return Buffer.concat([object.subarray(0, -1), ...parts, Buffer.from('}')]);
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Line breaks of JSON stand only between its tokens, so a document that was printed for people loses nothing. */
function onOneLine(document: Uint8Array): Uint8Array {
  if (!document.includes(NEWLINE) && !document.includes(CARRIAGE_RETURN)) return document;
  return document.filter((byte) => byte !== NEWLINE && byte !== CARRIAGE_RETURN);
}

/** The service's words for an answer that is not of the type that was asked for. */
function parsed<T>(format: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TwinvecError)) throw error;
    throw new TwinvecError(
      'ModelFailed',
      `Failed to parse output from the algorithm as ${format}: ${error.message.replace(/^(Line 1|The body), /, '')}`,
    );
  }
}
