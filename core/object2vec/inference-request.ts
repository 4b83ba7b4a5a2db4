/**
 * A decoded Object2Vec request: what was asked for, and the token ids of its good records.
 */
import type { RecordFailure } from '#core/batch/record-failure.ts';
import type { TextReader } from '#core/text/text-reader.ts';
import type { TokenRows } from './token-rows.ts';

/** Chosen by the inputs that are present (AWS "How Object2Vec Works", step 3): both give scores, one its embedding. */
export type InferenceMode = 'scores' | 'embed_in0' | 'embed_in1';

export interface InferenceRequest {
  readonly mode: InferenceMode;
  /** Rows for in0; present for `scores` and `embed_in0`. */
  readonly in0?: TokenRows;
  /** Rows for in1; present for `scores` and `embed_in1`. */
  readonly in1?: TokenRows;
  /** Good rows: the row count of in0/in1. */
  readonly rows: number;
  /**
   * Records that could not be used, ascending by record index; always empty unless bad records were tolerated.
   * Records in the request = rows + failures.length.
   */
  readonly failures: readonly RecordFailure[];
}

/** What decoding needs to know about the model. */
export interface InputRules {
  readonly vocabularySize: number;
  /** Longer sequences are cut to this many tokens, as AWS does. 1..5000. */
  readonly maxSeqLen: number;
  /** Makes ids of text; absent when the model has no vocabulary: then text is refused. */
  readonly text?: TextReader;
}

export interface DecodeOptions {
  readonly in0: InputRules;
  readonly in1: InputRules;
  /** Largest number of records in one request. */
  readonly maxRecords: number;
  /** Batch transform: a bad JSON Lines record becomes a failure in its place instead of refusing the request. */
  readonly tolerateBadRecords: boolean;
}
