/**
 * Object2Vec behind the server's model interface: reads the artifact's manifest, and turns bodies into jobs and rows
 * into answers. Large bodies and answers go through the codec threads.
 */
import { TwinvecError } from '#core/errors.ts';
import { chooseMediaType } from '#core/http/accept.ts';
import { parseContentType } from '#core/http/content-type.ts';
import type { DecodeOptions, InferenceMode } from '#core/object2vec/inference-request.ts';
import type { Object2VecManifest } from '#core/object2vec/manifest.ts';
import { withRequestLengths } from '#core/object2vec/max-seqlens.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import { MEDIA_TYPES, wireFormatOf } from '#core/object2vec/wire-formats.ts';
import { CodecPool } from '../codec/codec-pool.ts';
import { ownBuffers, owned } from '../codec/codec-task.ts';
import type { ServingConfig } from '../config/serving-config.ts';
import type { NamedTensors } from '../engine/session.ts';
import type { EncodedAnswer, RequestHead, ServedModel } from '../http/served-model.ts';
import { readManifest } from './artifact.ts';
import { decodeTask, type EncodeTask, encodeTask, type PlainRequest } from './serving-codec.ts';
import { mergeObject2Vec, type Object2VecJob, object2VecJob, type TokenCost } from './serving-job.ts';

/** Decoding runs at roughly 5 ns a byte: this much is about a millisecond. */
const INLINE_BODY_BYTES = 262_144;
/** Encoding runs at roughly 40 ns a float. */
const INLINE_ANSWER_FLOATS = 32_768;
const OUTPUT: Readonly<Record<InferenceMode, string>> = {
  scores: 'scores',
  embed_in0: 'embeddings',
  embed_in1: 'embeddings',
};

/** Throws `InvalidArtifact` when the folder holds no model of this kind. */
export async function openObject2VecModel(config: ServingConfig): Promise<ServedModel<Object2VecJob>> {
  const manifest = await readManifest(config.modelDir);
  const options: DecodeOptions = {
    in0: manifest.inputs.in0,
    in1: manifest.inputs.in1,
    maxRecords: config.maxRecords,
    tolerateBadRecords: config.batch,
  };
  return new Object2VecModel(manifest, options, config.defaultAccept);
}

class Object2VecModel implements ServedModel<Object2VecJob> {
  readonly merge = mergeObject2Vec;
  readonly #manifest: Object2VecManifest;
  readonly #options: DecodeOptions;
  readonly #defaultAccept: string | undefined;
  readonly #codec = new CodecPool(new URL('./serving-codec.ts', import.meta.url).href);
  readonly #cost: TokenCost;

  constructor(manifest: Object2VecManifest, options: DecodeOptions, defaultAccept: string | undefined) {
    this.#manifest = manifest;
    this.#options = options;
    this.#defaultAccept = defaultAccept;
    this.#cost = tokenCostOf(manifest);
  }

  checkHead({ contentType, accept, method }: RequestHead): void {
    if (method !== 'predict') {
      throw new TwinvecError('InvalidCustomAttributes', `Object2Vec models take the method predict, not ${method}.`);
    }
    const mediaType = parseContentType(contentType);
    wireFormatOf(mediaType.type);
    withRequestLengths(this.#options, mediaType);
    this.#answerType(mediaType.type, accept);
  }

  decode(body: Buffer, { contentType, accept }: RequestHead): Object2VecJob | Promise<Object2VecJob> {
    const answerType = this.#answerType(parseContentType(contentType).type, accept);
    const task = { kind: 'decode', body, contentType, options: this.#options } as const;
    if (body.length <= INLINE_BODY_BYTES) return this.#toJob(decodeTask(task), answerType);
    const bytes = owned<Uint8Array>(body);
    return this.#codec
      .run<PlainRequest>({ ...task, body: bytes }, ownBuffers(bytes))
      .then((request) => this.#toJob(request, answerType));
  }

  encode(job: Object2VecJob, outputs: NamedTensors | undefined): EncodedAnswer | Promise<EncodedAnswer> {
    const { mode, failures, answerType: mediaType } = job;
    const values = outputs?.[OUTPUT[mode]]?.data ?? new Float32Array(0);
    if (!(values instanceof Float32Array)) throw new TwinvecError('ModelFailed', 'The model did not answer in floats.');
    const width = mode === 'scores' ? this.#manifest.output.width : this.#manifest.encodingDim;
    if (values.length !== job.rows * width) {
      throw new TwinvecError('ModelFailed', `The model's rows do not have the width ${width} that its manifest says.`);
    }
    const task: EncodeTask = { kind: 'encode', mode, values, width, failures, mediaType };
    if (values.length <= INLINE_ANSWER_FLOATS) return { body: encodeTask(task), contentType: mediaType };
    const floats = owned(values);
    return this.#codec
      .run<Uint8Array>({ ...task, values: floats }, ownBuffers(floats))
      .then((encoded) => ({ body: encoded, contentType: mediaType }));
  }

  warmUpCalls() {
    const rows: TokenRows = { ids: Int32Array.of(0, 1), offsets: Int32Array.of(0, 1, 2) };
    const modes: readonly InferenceMode[] = ['scores', 'embed_in0', 'embed_in1'];
    return modes.map((mode) => {
      const job = object2VecJob({
        mode,
        in0: mode === 'embed_in1' ? undefined : rows,
        in1: mode === 'embed_in0' ? undefined : rows,
        rows: 2,
        failures: [],
        answerType: 'application/json',
      });
      return mergeObject2Vec([{ job, from: 0, to: 2 }]);
    });
  }

  close(): Promise<void> {
    return this.#codec.close();
  }

  #toJob({ mode, in0, in1, rows, failures }: PlainRequest, answerType: string): Object2VecJob {
    return object2VecJob({ mode, in0, in1, rows, failures, answerType }, this.#cost);
  }

  /** Without an Accept header: what the server was told, else the type that the request came in. */
  #answerType(requestType: string, accept: string | undefined): string {
    return chooseMediaType(accept, MEDIA_TYPES, this.#defaultAccept ?? requestType);
  }
}

/** TensorFlow's LSTM kernel takes rows padded to the longest; the other encoders run on flat tokens. */
function tokenCostOf({ hyperparameters: { enc0_network, enc1_network } }: Object2VecManifest): TokenCost {
  return enc0_network === 'bilstm' || enc1_network === 'bilstm' ? 'padded' : 'flat';
}
