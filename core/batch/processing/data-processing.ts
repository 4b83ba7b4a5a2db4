/**
 * What a job asks to be done with records on their way (spec sagemaker 2.6), after its fields have been read: the two
 * filters, the join and the inference ids, and the rules of the media types that they need.
 */
import { TwinvecError } from '#core/errors.ts';
import { isWholeDocument, type JsonPath, type SliceEnd } from '#core/json-path/json-path.ts';
import { parseJsonPath } from '#core/json-path/parse-json-path.ts';
import { columnPathProblem } from '#core/json-path/select-columns.ts';
import type { AssembleWith } from '../assemble.ts';
import type { SplitType } from '../split-types.ts';

export type RecordFormat = 'csv' | 'json' | 'jsonlines';
export type JoinSource = 'None' | 'Input';

export interface DataProcessing {
  readonly inputFilter: JsonPath;
  readonly outputFilter: JsonPath;
  readonly joinSource: JoinSource;
  readonly generateInferenceId: boolean;
  /** Undefined where nothing is done with the records before they are sent. */
  readonly inputFormat: RecordFormat | undefined;
  /** Undefined where nothing is done with the answers. */
  readonly outputFormat: RecordFormat | undefined;
}

export interface DataProcessingFields {
  readonly inputFilter?: string | undefined;
  readonly outputFilter?: string | undefined;
  readonly joinSource?: JoinSource | undefined;
  readonly generateInferenceId?: boolean | undefined;
  readonly contentType?: string | undefined;
  /** Stands for the content type when it is not given, as the model would take it. */
  readonly accept?: string | undefined;
  readonly splitType?: SplitType | undefined;
  readonly assembleWith?: AssembleWith | undefined;
  readonly maxPayloadMb?: number | undefined;
  /** @default 'exclusive' */
  readonly sliceEnd?: SliceEnd | undefined;
}

const FORMATS: ReadonlyMap<string, RecordFormat> = new Map([
  ['text/csv', 'csv'],
  ['application/json', 'json'],
  ['application/jsonlines', 'jsonlines'],
  ['application/x-jsonlines', 'jsonlines'],
  ['application/jsonl', 'jsonlines'],
]);
const TAKEN = 'text/csv, application/json or application/jsonlines';

/**
 * @returns undefined when nothing at all is to be done
 * @throws TwinvecError ValidationFailed listing every problem, a path's with its column
 */
export function readDataProcessing(fields: DataProcessingFields): DataProcessing | undefined {
  const { joinSource = 'None', generateInferenceId = false, sliceEnd = 'exclusive' } = fields;
  const problems: string[] = [];
  const readPath = (name: string, text = '$'): JsonPath | undefined => {
    try {
      return parseJsonPath(text, { sliceEnd });
    } catch (error) {
      if (!(error instanceof TwinvecError)) throw error;
      problems.push(`${name}: ${error.message}`);
      return undefined;
    }
  };
  const inputFilter = readPath('InputFilter', fields.inputFilter);
  const outputFilter = readPath('OutputFilter', fields.outputFilter);
  if (!inputFilter || !outputFilter) throw refused(problems);

  const joins = joinSource === 'Input';
  const touchesInput = joins || !isWholeDocument(inputFilter);
  const touchesOutput = joins || generateInferenceId || !isWholeDocument(outputFilter);
  if (!touchesInput && !touchesOutput) return undefined;
  const processing: DataProcessing = {
    inputFilter,
    outputFilter,
    joinSource,
    generateInferenceId,
    inputFormat: touchesInput ? formatOf(fields.contentType) : undefined,
    outputFormat: touchesOutput ? formatOf(fields.accept ?? fields.contentType) : undefined,
  };
  problems.push(...combinationProblems(processing, fields, { touchesInput, touchesOutput }));
  if (problems.length > 0) throw refused(problems);
  return processing;
}

export function formatOf(mediaType: string | undefined): RecordFormat | undefined {
  return FORMATS.get((mediaType ?? '').split(';')[0]!.trim().toLowerCase());
}

interface Touched {
  readonly touchesInput: boolean;
  readonly touchesOutput: boolean;
}

function combinationProblems(
  processing: DataProcessing,
  fields: DataProcessingFields,
  { touchesInput, touchesOutput }: Touched,
): string[] {
  const { inputFormat, outputFormat, inputFilter, outputFilter } = processing;
  const { splitType = 'None', assembleWith = 'None' } = fields;
  const rules: readonly (readonly [boolean, string])[] = [
    [touchesInput && !inputFormat, `ContentType must be ${TAKEN} for InputFilter and JoinSource`],
    [touchesOutput && !outputFormat, `Accept must be ${TAKEN} for OutputFilter, JoinSource and GenerateInferenceId`],
    [
      processing.joinSource === 'Input' && inputFormat !== outputFormat,
      'ContentType and Accept must be the same for JoinSource Input',
    ],
    [splitType !== assembleWith, `SplitType ${splitType} and AssembleWith ${assembleWith} must be the same`],
    [splitType === 'RecordIO' || splitType === 'TFRecord', `SplitType ${splitType} has no rows or documents to filter`],
    [
      splitType !== 'Line' && [inputFormat, outputFormat].some((format) => format === 'csv' || format === 'jsonlines'),
      'SplitType and AssembleWith must be Line for text/csv and application/jsonlines',
    ],
    [fields.maxPayloadMb === 0, STREAMED],
    [
      inputFormat === 'csv' && columnPathProblem(inputFilter) !== undefined,
      `InputFilter: ${columnPathProblem(inputFilter)}`,
    ],
    [
      outputFormat === 'csv' && columnPathProblem(outputFilter) !== undefined,
      `OutputFilter: ${columnPathProblem(outputFilter)}`,
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}

/** Said at creation where the job says 0 itself, and at the start where the container does. */
export const STREAMED =
  'MaxPayloadInMB 0 streams objects, which filters, joins and inference ids cannot: they need records whole. Use 1 to 100';

function refused(problems: readonly string[]): TwinvecError {
  return new TwinvecError('ValidationFailed', `DataProcessing: ${problems.join('; ')}.`);
}
