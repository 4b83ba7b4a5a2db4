/**
 * Any SavedModel behind the server's model interface: bodies become named tensors by its signatures, and its outputs
 * become answers.
 */
import { dirname } from 'node:path';
import { parseContentType } from '#core/http/content-type.ts';
import { freeTensorsNow } from '#core/memory/free-now.ts';
import { answerMediaType, requestFormatOf } from '#core/tensors/media-types.ts';
import { signatureNamed, type TensorSignatures } from '#core/tensors/signature.ts';
import type { NamedTensors, Tensor } from '#core/tensors/tensor.ts';
import type { TensorDecodeOptions } from '#core/tensors/tensor-request.ts';
import type { MergeSlices } from '../batching/job.ts';
import { CodecPool } from '../codec/codec-pool.ts';
import { ownBuffers, owned } from '../codec/codec-task.ts';
import type { ServingConfig } from '../config/serving-config.ts';
import type { WarmUpCall } from '../engine/engine-call.ts';
import { offeredSignatures } from '../engine/native/signatures.ts';
import { transferables } from '../engine/tensor-rows.ts';
import type { EncodedAnswer, RequestHead, ServedModel } from '../http/served-model.ts';
import { withFileInputs } from '../images/image-session.ts';
import { type ImageRecipes, readImageRecipes } from '../images/recipe.ts';
import { readSavedModel, type SavedModelSummary } from '../savedmodel/read-saved-model.ts';
import { Effects } from './effects.ts';
import type { FoundVersion } from './find-saved-models.ts';
import { withImagesInStrings } from './images-in-strings.ts';
import { describeMetadata } from './metadata.ts';
import { refuseOperations } from './refuse-operations.ts';
import { requireVariables } from './require-variables.ts';
import { explainRunFailure } from './run-refusal.ts';
import { type DecodeTask, decodeTask, type EncodeTask, encodeTask, type PlainTensorRequest } from './tensor-codec.ts';
import { mergeTensorsTo, type TensorJob, tensorJob } from './tensor-job.ts';
import { zeroCalls } from './zero-calls.ts';

/** Reading JSON was seen at 12 to 27 ns a byte on a busy machine: this much is a few milliseconds. */
const INLINE_BODY_BYTES = 262_144;
const INLINE_ANSWER_BYTES = 131_072;

/** @throws TwinvecError InvalidArtifact when the file is broken, or its graph does what is not allowed. */
export async function openTensorModel(found: FoundVersion, config: ServingConfig): Promise<ServedModel<TensorJob>> {
  const summary = readSavedModel(found.dir);
  const model = `Model ${found.name}, version ${found.version},`;
  refuseOperations(summary, config.allowedOperations, model);
  requireVariables(found.dir, model);
  return new TensorModel(found, summary, await readImageRecipes(dirname(found.dir)), config);
}

class TensorModel implements ServedModel<TensorJob> {
  readonly merge: MergeSlices<TensorJob>;
  readonly explainFailure = explainRunFailure;
  readonly #signatures: TensorSignatures;
  readonly #options: Omit<TensorDecodeOptions, 'method'>;
  readonly #defaultAccept: string | undefined;
  readonly #metadata: unknown;
  readonly #warmUp: readonly WarmUpCall[];
  readonly leavesTraces: boolean;
  readonly #codec = new CodecPool(new URL('./tensor-codec.ts', import.meta.url).href);

  constructor(found: FoundVersion, summary: SavedModelSummary, recipes: ImageRecipes, config: ServingConfig) {
    const { usable } = offeredSignatures(summary);
    const signatures = new Map([...usable].map(([name, { signature }]) => [name, signature]));
    this.#signatures = withFileInputs(withImagesInStrings(signatures, summary), recipes);
    this.#metadata = describeMetadata(found, summary);
    this.leavesTraces = new Effects(summary).any;
    this.#warmUp = config.tensorWarmUp ? zeroCalls(summary, this.#signatures) : [];
    this.#defaultAccept = config.defaultAccept;
    this.merge = mergeTensorsTo(config.tensorBatching.allowedSizes);
    this.#options = {
      maxRecords: config.maxRecords,
      tolerateBadRecords: config.batch,
      ...(config.binaryRecords && { binaryRecords: config.binaryRecords }),
    };
  }

  checkHead({ contentType, accept }: RequestHead): void {
    const { type } = parseContentType(contentType);
    requestFormatOf(type);
    this.#answerType(type, accept);
  }

  decode(body: Buffer, { contentType, accept, method }: RequestHead): TensorJob | Promise<TensorJob> {
    const mediaType = parseContentType(contentType);
    const answerType = this.#answerType(mediaType.type, accept);
    const task: DecodeTask = {
      kind: 'decode',
      body,
      mediaType,
      signatures: this.#signatures,
      options: { ...this.#options, method },
    };
    const toJob = (request: PlainTensorRequest) => {
      const signature = signatureNamed(this.#signatures, request.signatureName);
      return tensorJob({ method, request, signature, answerType });
    };
    if (body.length <= INLINE_BODY_BYTES) return toJob(decodeTask(task));
    const bytes = owned<Uint8Array>(body);
    return this.#codec.run<PlainTensorRequest>({ ...task, body: bytes }, ownBuffers(bytes)).then(toJob);
  }

  encode(job: TensorJob, outputs = withoutRows(job)): EncodedAnswer | Promise<EncodedAnswer> {
    const { method, request, signature, answerType } = job;
    const { form, rows, failures } = request;
    const response = { method, signature, form, outputs, rows, failures };
    // The engine is done with them.
    freeTensorsNow(request.inputs);
    const task: EncodeTask = { kind: 'encode', response, mediaType: answerType };
    if (sizeOf(outputs) <= INLINE_ANSWER_BYTES) return { body: encodeTask(task), contentType: answerType };
    return this.#codec
      .run<Uint8Array>(task, transferables(outputs))
      .then((body) => ({ body, contentType: answerType }));
  }

  warmUpCalls(): readonly WarmUpCall[] {
    return this.#warmUp;
  }

  metadata(): unknown {
    return this.#metadata;
  }

  close(): Promise<void> {
    return this.#codec.close();
  }

  #answerType(requestType: string, accept: string | undefined): string {
    return answerMediaType(accept ?? this.#defaultAccept, requestType);
  }
}

/** What a request gets whose records were all bad and tolerated. */
function withoutRows({ signature: { outputs } }: TensorJob): NamedTensors {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dtype }]) => [name, { dtype, shape: [0], data: [] } as unknown as Tensor]),
  );
}

function sizeOf(tensors: NamedTensors): number {
  let bytes = 0;
  for (const { dtype, data } of Object.values(tensors)) {
    if (dtype !== 'string') bytes += data.byteLength;
    else for (const text of data) bytes += text.length;
  }
  return bytes;
}
