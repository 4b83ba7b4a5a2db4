/**
 * Any SavedModel behind the server's model interface: bodies become named tensors by its signatures, and its outputs
 * become answers.
 */
import { chooseMediaType } from '#core/http/accept.ts';
import { parseContentType } from '#core/http/content-type.ts';
import { signatureNamed, type TensorSignatures } from '#core/tensors/signature.ts';
import type { NamedTensors, Tensor } from '#core/tensors/tensor.ts';
import type { TensorDecodeOptions } from '#core/tensors/tensor-request.ts';
import type { ServingConfig } from '../config/serving-config.ts';
import type { EngineCall } from '../engine/engine-call.ts';
import { offeredSignatures } from '../engine/native/signatures.ts';
import type { EncodedAnswer, RequestHead, ServedModel } from '../http/served-model.ts';
import { readSavedModel, type SavedModelSummary } from '../savedmodel/read-saved-model.ts';
import type { FoundVersion } from './find-saved-models.ts';
import { ANSWER_TYPES, answerTypeOf, decoderOf, encoderOf } from './formats.ts';
import { describeMetadata } from './metadata.ts';
import { refuseOperations } from './refuse-operations.ts';
import { explainRunFailure } from './run-refusal.ts';
import { mergeTensors, type TensorJob, tensorJob } from './tensor-job.ts';

/** @throws TwinvecError InvalidArtifact when the file is broken, or its graph does what is not allowed. */
export function openTensorModel(found: FoundVersion, config: ServingConfig): ServedModel<TensorJob> {
  const summary = readSavedModel(found.dir);
  refuseOperations(summary, config.allowedOperations, `Model ${found.name}, version ${found.version},`);
  return new TensorModel(found, summary, config);
}

class TensorModel implements ServedModel<TensorJob> {
  readonly merge = mergeTensors;
  readonly explainFailure = explainRunFailure;
  readonly #signatures: TensorSignatures;
  readonly #options: Omit<TensorDecodeOptions, 'method'>;
  readonly #defaultAccept: string | undefined;
  readonly #metadata: unknown;

  constructor(found: FoundVersion, summary: SavedModelSummary, config: ServingConfig) {
    const { usable } = offeredSignatures(summary);
    this.#signatures = new Map([...usable].map(([name, { signature }]) => [name, signature]));
    this.#metadata = describeMetadata(found, summary);
    this.#defaultAccept = config.defaultAccept;
    this.#options = {
      maxRecords: config.maxRecords,
      tolerateBadRecords: config.batch,
      binaryRecords: config.executionParameters.BatchStrategy === 'SINGLE_RECORD' ? 'single' : 'framed',
    };
  }

  checkHead({ contentType, accept }: RequestHead): void {
    const { type } = parseContentType(contentType);
    decoderOf(type);
    this.#answerType(type, accept);
  }

  decode(body: Buffer, { contentType, accept, method }: RequestHead): TensorJob {
    const { type } = parseContentType(contentType);
    const request = decoderOf(type)(body, this.#signatures, { ...this.#options, method });
    const signature = signatureNamed(this.#signatures, request.signatureName);
    return tensorJob({ method, request, signature, answerType: this.#answerType(type, accept) });
  }

  encode(job: TensorJob, outputs: NamedTensors | undefined): EncodedAnswer {
    const { method, request, signature, answerType } = job;
    const { form, rows, failures } = request;
    const body = encoderOf(answerType)({
      method,
      signature,
      form,
      outputs: outputs ?? withoutRows(job),
      rows,
      failures,
    });
    return { body, contentType: answerType };
  }

  /** None: no values are known that a user's graph takes, and a run may change its state. */
  warmUpCalls(): readonly EngineCall[] {
    return [];
  }

  metadata(): unknown {
    return this.#metadata;
  }

  async close(): Promise<void> {}

  #answerType(requestType: string, accept: string | undefined): string {
    return chooseMediaType(accept, ANSWER_TYPES, this.#defaultAccept ?? answerTypeOf(requestType));
  }
}

/** What a request gets whose records were all bad and tolerated. */
function withoutRows({ signature: { outputs } }: TensorJob): NamedTensors {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dtype }]) => [name, { dtype, shape: [0], data: [] } as unknown as Tensor]),
  );
}
