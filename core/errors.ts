/**
 * Every failure that a caller can see, in one table: its code, HTTP status, whose fault it is, and whether
 * trying again can help. docs/errors.md is checked against this table by a test.
 *
 * The statuses follow spec "faults" section 2: 400 malformed, 413 too large, 415/406 media types, 422 well formed
 * but not acceptable to the model, 503 overload or not ready, 504 deadline, 507 memory, 500 only for our own bug.
 */
export interface ErrorRule {
  readonly status: number;
  readonly fault: 'caller' | 'service';
  readonly retryable: boolean;
  /** One sentence for the documentation: what happened and what to do. */
  readonly summary: string;
}

const caller = (status: number, summary: string): ErrorRule => ({ status, fault: 'caller', retryable: false, summary });
const service = (status: number, retryable: boolean, summary: string): ErrorRule => ({
  status,
  fault: 'service',
  retryable,
  summary,
});

export const ERRORS = {
  EmptyBody: caller(400, 'The request has no body. Send at least one record.'),
  MalformedHttp: caller(400, 'The HTTP request itself is ambiguous or broken, such as two Host headers.'),
  MalformedJson: caller(400, 'The body is not JSON. The message gives the byte offset of the first wrong byte.'),
  NestingTooDeep: caller(400, 'The JSON is nested deeper than any request of this service can be.'),
  DuplicateKey: caller(400, 'A JSON object has the same key twice, so its meaning is undefined.'),
  InvalidEnvelope: caller(
    400,
    'The body is JSON but not an envelope such as {"instances": [...]} with at least one record.',
  ),
  UnknownSignature: caller(400, 'The model has no signature of that name. The message lists the names.'),
  MalformedBody: caller(400, 'The body is not what its Content-Type says, such as CSV or npy. The message says where.'),
  UnknownField: caller(400, 'A record or the envelope has a field that the model does not take.'),
  MixedInputs: caller(400, 'The records of one request ask for different things. Send pairs, in0 or in1, not a mix.'),
  InvalidMaxSeqlens: caller(400, 'infer_max_seqlens must be two integers from 1 to 5000 separated by one comma.'),
  InvalidCustomAttributes: caller(
    400,
    'tfs-model-name, tfs-model-version or tfs-method in the custom attributes means nothing here.',
  ),
  ModelRefused: caller(
    400,
    "The model's graph failed on the values of the request. The message has TensorFlow's words.",
  ),
  InvalidNeighbours: caller(
    400,
    'The number of neighbours or the metric is out of range, or a pair asks for neighbours.',
  ),
  AccessDenied: caller(403, 'A role lacks a permission. The message names the action and the resource.'),
  NotFound: caller(404, 'There is no such path, model, endpoint, job or object.'),
  MethodNotAllowed: caller(405, 'The path exists but not with this method. The Allow header lists the methods.'),
  NotAcceptable: caller(406, 'None of the media types in Accept can be produced. Ask for JSON or JSON Lines.'),
  RequestTimeout: caller(408, 'The request arrived too slowly. Send the whole body within the request timeout.'),
  Conflict: caller(409, 'The name is taken, or the thing is in a state that does not allow this.'),
  PayloadTooLarge: caller(413, 'The body, a record or the number of records is over the limit that the message names.'),
  UnsupportedMediaType: caller(415, 'The Content-Type, its charset or the Content-Encoding is not supported.'),
  InvalidRecord: caller(422, 'A record is not an object with in0 and/or in1 as arrays of token ids, or text.'),
  NoVocabulary: caller(422, 'A record holds text, and the model has no vocabulary for it. Send token ids.'),
  EmptySequence: caller(422, 'A record has an empty token sequence. Every sequence needs at least one id or word.'),
  InvalidTensor: caller(
    422,
    'A value has a type, shape or range that the model does not take. The message says where.',
  ),
  DamagedRecord: caller(422, 'A framed record fails its checksum or does not parse. The message names the record.'),
  FilterMismatch: caller(
    422,
    'A filter of a batch transform names something that a record or an answer does not have.',
  ),
  InvalidTokenId: caller(422, 'A token id is not a whole number from 0 to 2147483647.'),
  TokenOutOfVocabulary: caller(422, 'A token id is not less than the vocabulary size that the model was trained with.'),
  InvalidImage: caller(422, 'An image is cut, damaged or empty. The message says where.'),
  NoNeighbourIndex: caller(422, 'The model carries no candidates to search. `twinvec index` adds them to a model.'),
  InvalidLabel: caller(422, 'A training label is missing, or outside what the output layer can learn.'),
  InvalidHyperparameters: caller(400, 'Hyperparameters are unknown, missing or out of range. All problems are listed.'),
  InvalidConfiguration: caller(400, 'An environment variable, option or definition is out of range. All are listed.'),
  InvalidTrainingData: caller(400, 'A training channel is missing, empty or unreadable. The message names the file.'),
  InvalidArtifact: caller(400, 'The model folder or archive is not a model that this server can load.'),
  InvalidManifest: caller(
    400,
    'A manifest of a batch transform is not one, or names what its job may not read. The message says where.',
  ),
  ValidationFailed: caller(400, 'An API parameter is missing or out of range.'),
  HandlerRefused: caller(400, "The model's own handler refused the request, with a 4xx status of its choice."),
  HandlerFailed: service(500, false, "The model's own handler threw an error, crashed, hung or took too much memory."),
  NotReady: service(503, true, 'The model is still loading or warming up. Try again when /ping answers 200.'),
  Overloaded: service(503, true, 'The queue is full. The request was refused before any work. Retry with backoff.'),
  Draining: service(503, true, 'The server is stopping and takes no new requests. Retry; another instance answers.'),
  EngineLost: service(503, true, 'The inference worker died while it held the request. It is being restarted. Retry.'),
  DeadlineExceeded: service(504, true, 'The request waited in the queue past its deadline and was dropped unserved.'),
  OutOfMemory: service(
    507,
    false,
    'A batch, a model or a network to be trained does not fit into memory. The message says what would.',
  ),
  DiskFull: service(507, false, 'A folder has no space left. The message names it and what is needed there.'),
  NonFiniteOutput: service(500, false, 'The model produced NaN or infinity. The model is at fault, not the request.'),
  ModelFailed: service(500, false, 'The model failed on this batch. The server log has the cause.'),
  EngineUnavailable: service(500, false, 'The native TensorFlow engine is needed and not there. The message says why.'),
  Internal: service(500, false, 'A bug in Twinvec. The server log has the cause under the request id.'),
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorPlace {
  /** Zero-based index of the record within its request or file. */
  readonly record?: number;
  readonly cause?: unknown;
  /** Instead of the table's, where someone else's code chooses it. */
  readonly status?: number;
}

/**
 * A failure from the table. The message is shown to callers: it names the place, holds no path or stack, and quotes
 * foreign text only through {@link quoteForMessage}.
 *
 * @example
 * throw new TwinvecError('TokenOutOfVocabulary', 'in0[3]: id 9 is not less than vocabulary size 8', { record: 2 });
 */
export class TwinvecError extends Error {
  readonly code: ErrorCode;
  readonly record: number | undefined;
  readonly status: number;

  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = 'TwinvecError';
    this.code = code;
    this.record = place.record;
    this.status = place.status ?? ERRORS[code].status;
  }
}

/** The JSON body of every refusal: `{"error":{"code","message","requestId","record"?}}`. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly requestId?: string;
    readonly record?: number;
  };
}

/** Anything thrown becomes an error of the table; what is not ours is `Internal`, with the cause kept for the log. */
export function toTwinvecError(thrown: unknown): TwinvecError {
  if (thrown instanceof TwinvecError) return thrown;
  return new TwinvecError('Internal', 'The service failed. Its log has the cause.', { cause: thrown });
}

export function toErrorBody(error: TwinvecError, requestId?: string): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(requestId === undefined ? {} : { requestId }),
      ...(error.record === undefined ? {} : { record: error.record }),
    },
  };
}

/** Longest piece of foreign text that a message may quote, in characters. */
const QUOTE_LIMIT = 64;

/** Foreign text, cut and escaped so that a message can quote it without carrying control characters or payloads. */
export function quoteForMessage(text: string): string {
  const cut = text.length > QUOTE_LIMIT ? `${text.slice(0, QUOTE_LIMIT)}...` : text;
  return JSON.stringify(cut);
}
