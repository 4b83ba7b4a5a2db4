/**
 * What the HTTP server knows about a model: how a body becomes a job, and how the engine's rows become an answer. All
 * knowledge of formats and signatures is behind it, so that any kind of model goes through the same queue and workers.
 */
import type { Job, MergeSlices } from '../batching/job.ts';
import type { EngineCall } from '../engine/engine-call.ts';
import type { NamedTensors } from '../engine/session.ts';

/** Headers that decide how bodies are read and written, as they came. */
export interface BodyHeaders {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** X-Amzn-SageMaker-Custom-Attributes: CustomAttributes of InvokeEndpoint. */
  readonly customAttributes?: string | undefined;
}

export interface EncodedAnswer {
  readonly body: Uint8Array;
  readonly contentType: string;
}

export interface ServedModel<J extends Job> {
  /** For `openSession` in every engine worker; what is to be shared and not copied lies in SharedArrayBuffers. */
  readonly sessionData?: unknown;
  /**
   * Checks headers before the body is read. Throws UnsupportedMediaType, InvalidMaxSeqlens, NotAcceptable,
   * InvalidNeighbours or NoNeighbourIndex.
   */
  checkHeaders(headers: BodyHeaders): void;
  /** Throws (or rejects with) a TwinvecError that names the record and the position. */
  decode(body: Buffer, headers: BodyHeaders): Promise<J> | J;
  readonly merge: MergeSlices<J>;
  /** `outputs` is undefined for a job without rows, whose records were all bad and tolerated. */
  encode(job: J, outputs: NamedTensors | undefined): Promise<EncodedAnswer> | EncodedAnswer;
  /** Small calls of every signature, made before the server says that it is ready. */
  warmUpCalls(): readonly EngineCall[];
  close(): Promise<void>;
}
