/**
 * What the server knows about a model: how a body becomes a job, and how the engine's rows become an answer. All
 * knowledge of formats and signatures is behind it, so that any kind of model goes through the same queue and workers.
 */
import type { TwinvecError } from '#core/errors.ts';
import type { InferenceMethod } from '#core/tensors/signature.ts';
import type { Job, MergeSlices } from '../batching/job.ts';
import type { WarmUpCall } from '../engine/engine-call.ts';
import type { NamedTensors } from '../engine/session.ts';

/** What decides how bodies are read and written. The headers are as they came. */
export interface RequestHead {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** X-Amzn-SageMaker-Custom-Attributes: CustomAttributes of InvokeEndpoint. */
  readonly customAttributes?: string | undefined;
  readonly method: InferenceMethod;
}

export interface EncodedAnswer {
  readonly body: Uint8Array;
  readonly contentType: string;
}

export interface ServedModel<J extends Job> {
  /** For `openSession` in every engine worker; what is to be shared and not copied lies in SharedArrayBuffers. */
  readonly sessionData?: unknown;
  /** Calls change what later calls see: only one copy of the model may be called, unless somebody asks for more. */
  readonly leavesTraces?: boolean;
  /** Checks what the head says before the body is read. Throws UnsupportedMediaType, NotAcceptable and the like. */
  checkHead(head: RequestHead): void;
  /** Throws (or rejects with) a TwinvecError that names the record and the position. */
  decode(body: Buffer, head: RequestHead): Promise<J> | J;
  readonly merge: MergeSlices<J>;
  /** `outputs` is undefined for a job without rows, whose records were all bad and tolerated. */
  encode(job: J, outputs: NamedTensors | undefined): Promise<EncodedAnswer> | EncodedAnswer;
  /** Small calls of every signature, made before the server says that it is ready. */
  warmUpCalls(): readonly WarmUpCall[];
  /** What a caller is told when the engine failed on its request; the engine's own error when absent. */
  explainFailure?(error: TwinvecError): TwinvecError;
  /** The body of TF Serving's metadata route; absent where the model has no signatures to tell. */
  metadata?(): unknown;
  close(): Promise<void>;
}
