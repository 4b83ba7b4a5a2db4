/**
 * A decoded request of any TensorFlow model and the answer to it, between wire formats and the engine.
 */
import type { RecordFailure } from '#core/batch/record-failure.ts';
import type { InferenceMethod, TensorSignature } from './signature.ts';
import type { NamedTensors } from './tensor.ts';

/** `row`: one record after the other. `column`: whole tensors by input, TF Serving's `inputs`. */
export type TensorForm = 'row' | 'column';

export interface TensorRequest {
  readonly signatureName: string;
  /** By input name. In row form the first dimension of each is `rows`. Empty arrays when every record failed. */
  readonly inputs: NamedTensors;
  readonly form: TensorForm;
  /**
   * Good records; in column form the first dimension that all inputs share. Undefined when they share none: such a
   * request cannot ride in a batch with others.
   */
  readonly rows: number | undefined;
  /** Bad records in ascending order; always empty unless they were tolerated. Only row form has them. */
  readonly failures: readonly RecordFailure[];
}

export interface TensorDecodeOptions {
  readonly method: InferenceMethod;
  /** The signature of a request that names none; {@link DEFAULT_SIGNATURE} when absent. */
  readonly signatureName?: string;
  /** Most records in one request. */
  readonly maxRecords: number;
  /** Batch transform: a bad record of a line or framed format becomes a failure in its place. */
  readonly tolerateBadRecords: boolean;
  /**
   * What a binary body holds: one record as it is, or a sequence of frames. SageMaker strips the frame with
   * SingleRecord and keeps it with MultiRecord (SAGEMAKER_BATCH_STRATEGY); the body is never looked at to guess. When
   * absent, what is usual for the media type: one `application/x-tfexample`, frames for the others.
   */
  readonly binaryRecords?: 'single' | 'framed';
}

export interface TensorResponse {
  readonly method: InferenceMethod;
  readonly signature: TensorSignature;
  readonly form: TensorForm;
  /** By output name. In row form the first dimension of each is the number of good records. */
  readonly outputs: NamedTensors;
  /** Good records; undefined as in the request. */
  readonly rows: number | undefined;
  readonly failures: readonly RecordFailure[];
}
