/**
 * Object2Vec behind the server's model interface: reads the artifact's manifest, and turns bodies into jobs and rows
 * into answers. Large bodies and answers go through the codec threads.
 */
import { TwinvecError } from '#core/errors.ts';
import { chooseMediaType } from '#core/http/accept.ts';
import { parseContentType } from '#core/http/content-type.ts';
import { LIMITS } from '#core/limits.ts';
import type { DecodeOptions, InferenceMode } from '#core/object2vec/inference-request.ts';
import type { Object2VecManifest } from '#core/object2vec/manifest.ts';
import { withRequestLengths } from '#core/object2vec/max-seqlens.ts';
import { type NeighbourWish, neighbourWish } from '#core/object2vec/neighbour-wish.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import { MEDIA_TYPES, wireFormatOf } from '#core/object2vec/wire-formats.ts';
import { CodecPool } from '../../codec/codec-pool.ts';
import { ownBuffers, owned } from '../../codec/codec-task.ts';
import type { ServingConfig } from '../../config/serving-config.ts';
import type { NamedTensors } from '../../engine/session.ts';
import type { EncodedAnswer, RequestHead, ServedModel } from '../../http/served-model.ts';
import { readManifest } from '../artifact.ts';
import { signaturesOf } from '../serving-graph.ts';
import { readNeighbourIndex } from './neighbour-index.ts';
import { SEARCH } from './neighbour-session.ts';
import type { ServingData } from './open-serving-session.ts';
import {
  type CodecData,
  decodeTask,
  type EncodeTask,
  encodeNeighboursTask,
  encodeTask,
  type NeighbourTask,
  type PlainRequest,
} from './serving-codec.ts';
import {
  mergeObject2Vec,
  type NeighbourSearch,
  type Object2VecJob,
  object2VecJob,
  type TokenCost,
} from './serving-job.ts';
import { loadServingTexts, type ServingTexts, textReaders, withTexts } from './serving-texts.ts';

/** Decoding runs at roughly 5 ns a byte: this much is about a millisecond. */
const INLINE_BODY_BYTES = 262_144;
/** Encoding runs at roughly 40 ns a float. */
const INLINE_ANSWER_FLOATS = 32_768;
/** Writing a neighbour takes roughly 200 ns. */
const INLINE_NEIGHBOURS = 8192;
/** Multiplications of a search that take about as long as a token of a small network. */
const PRODUCTS_PER_TOKEN = 65_536;

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
  const texts = await loadServingTexts(config.modelDir, manifest);
  const index = await readNeighbourIndex(config.modelDir, manifest.encodingDim);
  const { preferredMode, defaultAccept } = config;
  const preferred = preferredMode && signaturesOf(preferredMode);
  return new Object2VecModel(manifest, options, defaultAccept, { sessionData: { index, preferred }, texts });
}

class Object2VecModel implements ServedModel<Object2VecJob> {
  readonly merge = mergeObject2Vec;
  readonly #manifest: Object2VecManifest;
  readonly #options: DecodeOptions;
  readonly #defaultAccept: string | undefined;
  /** With the readers of text of this thread. */
  readonly #inlineOptions: DecodeOptions;
  readonly #codec: CodecPool;
  readonly sessionData: ServingData;
  readonly #cost: TokenCost;

  constructor(
    manifest: Object2VecManifest,
    options: DecodeOptions,
    defaultAccept: string | undefined,
    { sessionData, texts }: { readonly sessionData: ServingData; readonly texts: ServingTexts },
  ) {
    this.#manifest = manifest;
    this.#options = options;
    this.#inlineOptions = withTexts(options, textReaders(texts));
    this.#defaultAccept = defaultAccept;
    this.#cost = tokenCostOf(manifest);
    this.sessionData = sessionData;
    const data: CodecData = { texts, names: sessionData.index?.names };
    this.#codec = new CodecPool(new URL('./serving-codec.ts', import.meta.url).href, data);
  }

  checkHead(headers: RequestHead): void {
    const { contentType, accept, method } = headers;
    if (method !== 'predict') {
      throw new TwinvecError('InvalidCustomAttributes', `Object2Vec models take the method predict, not ${method}.`);
    }
    const mediaType = parseContentType(contentType);
    wireFormatOf(mediaType.type);
    withRequestLengths(this.#options, mediaType);
    this.#answerType(mediaType.type, accept);
    this.#wish(headers);
  }

  decode(body: Buffer, headers: RequestHead): Object2VecJob | Promise<Object2VecJob> {
    const { contentType, accept } = headers;
    const answerType = this.#answerType(parseContentType(contentType).type, accept);
    const wish = this.#wish(headers);
    const task = { kind: 'decode', body, contentType, options: this.#options } as const;
    if (body.length <= INLINE_BODY_BYTES) {
      return this.#toJob(decodeTask({ ...task, options: this.#inlineOptions }), answerType, wish);
    }
    const bytes = owned<Uint8Array>(body);
    return this.#codec
      .run<PlainRequest>({ ...task, body: bytes }, ownBuffers(bytes))
      .then((request) => this.#toJob(request, answerType, wish));
  }

  encode(job: Object2VecJob, outputs: NamedTensors | undefined): EncodedAnswer | Promise<EncodedAnswer> {
    const { mode, failures, answerType: mediaType } = job;
    if (job.search) return this.#encodeNeighbours(job, job.search, outputs);
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
      .then((body) => ({ body, contentType: mediaType }));
  }

  warmUpCalls() {
    const rows: TokenRows = { ids: Int32Array.of(0, 1), offsets: Int32Array.of(0, 1, 2) };
    const modes: readonly InferenceMode[] = ['scores', 'embed_in0', 'embed_in1'];
    const call = (mode: InferenceMode, search?: NeighbourSearch) => {
      const job = object2VecJob({
        mode,
        in0: mode === 'embed_in1' ? undefined : rows,
        in1: mode === 'embed_in0' ? undefined : rows,
        rows: 2,
        failures: [],
        search,
        answerType: 'application/json',
      });
      return mergeObject2Vec([{ job, from: 0, to: 2 }]);
    };
    const search = this.sessionData.index && ({ k: 1, metric: 'cosine', rowCost: 0 } as const);
    return [...modes.map((mode) => call(mode)), ...(search ? [call('embed_in0', search)] : [])];
  }

  close(): Promise<void> {
    return this.#codec.close();
  }

  #toJob(request: PlainRequest, answerType: string, wish: NeighbourWish | undefined): Object2VecJob {
    const { mode, in0, in1, rows, failures } = request;
    const search = wish && this.#search(wish, request);
    return object2VecJob({ mode, in0, in1, rows, failures, search, answerType }, this.#cost);
  }

  /** What the headers ask for beside embeddings. */
  #wish({ accept, customAttributes }: RequestHead): NeighbourWish | undefined {
    const wish = neighbourWish(accept, customAttributes);
    if (!wish || this.sessionData.index) return wish;
    throw new TwinvecError(
      'NoNeighbourIndex',
      'Neighbours are asked for, and this model carries no candidates. Add them to the model folder with ' +
        '`twinvec index --model DIR --embeddings FILE`, and serve that folder.',
    );
  }

  #search({ k: wanted, metric }: NeighbourWish, { mode, rows }: PlainRequest): NeighbourSearch {
    if (mode === 'scores' && rows > 0) {
      throw new TwinvecError(
        'InvalidNeighbours',
        'The records have both inputs. Neighbours are those of one embedding: send in0 or in1 alone.',
      );
    }
    const { candidates } = this.sessionData.index!;
    const k = Math.min(wanted, candidates.rows);
    const limit = LIMITS.neighboursOfRequest.value;
    if (rows * k > limit) {
      throw new TwinvecError(
        'PayloadTooLarge',
        `${rows} records with ${k} neighbours each are over the limit of ${limit} neighbours. Send fewer records.`,
      );
    }
    return { k, metric, rowCost: Math.ceil((candidates.rows * candidates.width) / PRODUCTS_PER_TOKEN) };
  }

  #encodeNeighbours(
    { rows, failures, answerType: mediaType }: Object2VecJob,
    { k }: NeighbourSearch,
    outputs: NamedTensors | undefined,
  ): EncodedAnswer | Promise<EncodedAnswer> {
    const candidates = outputs?.[SEARCH.candidates]?.data ?? new Int32Array(0);
    const scores = outputs?.[SEARCH.scores]?.data ?? new Float32Array(0);
    if (!(candidates instanceof Int32Array && scores instanceof Float32Array && scores.length === rows * k)) {
      throw new TwinvecError('ModelFailed', `The search did not answer with ${k} neighbours for each record.`);
    }
    const task: NeighbourTask = { kind: 'neighbours', rows, k, candidates, scores, failures, mediaType };
    if (scores.length <= INLINE_NEIGHBOURS) {
      return { body: encodeNeighboursTask(task, this.sessionData.index!.names), contentType: mediaType };
    }
    const moved = { candidates: owned(candidates), scores: owned(scores) };
    return this.#codec
      .run<Uint8Array>({ ...task, ...moved }, ownBuffers(moved.candidates, moved.scores))
      .then((body) => ({ body, contentType: mediaType }));
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
