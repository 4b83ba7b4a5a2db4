/**
 * Every environment variable that `serve` reads, in the order that `--help` prints them. SageMaker's own names keep
 * SageMaker's meaning (AWS docs your-algorithms-inference-code and your-algorithms-batch-code).
 */
import { LIMITS, mebibytes } from '#core/limits.ts';
import { HANDLER_SETTINGS } from './handler-settings.ts';
import { MULTI_MODEL_SETTINGS } from './multi-model-settings.ts';
import { choice, flag, type Setting, wholeNumber, word } from './setting.ts';
import { TENSORFLOW_SETTINGS } from './tensorflow-settings.ts';

const BATCH_SENDS = 'Set by batch transform when the job names it';

export const SERVING_SETTINGS = {
  port: wholeNumber({
    name: 'SAGEMAKER_BIND_TO_PORT',
    fallback: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port to listen on. 0 takes any free port and logs it.',
  }),
  host: word({ name: 'TWINVEC_HOST', fallback: '0.0.0.0', doc: 'Address to listen on.' }),
  baseDir: word({
    name: 'SAGEMAKER_BASE_DIR',
    fallback: '/opt/ml',
    doc: "SageMaker's folder; the model is in model/ below it.",
  }),
  batch: flag({ name: 'SAGEMAKER_BATCH', fallback: false, doc: 'True in a batch transform job.' }),
  maxPayloadMb: wholeNumber({
    name: 'SAGEMAKER_MAX_PAYLOAD_IN_MB',
    fallback: undefined,
    defaultText: `${LIMITS.batchDefaultPayloadMb.value} advertised, ${LIMITS.batchMaxPayloadMb.value} accepted`,
    min: 0,
    max: LIMITS.batchMaxPayloadMb.value,
    doc: `Largest body in batch mode, in MiB; 0 is up to ${LIMITS.batchMaxPayloadMb.value}. ${BATCH_SENDS}.`,
  }),
  maxBodyMb: wholeNumber({
    name: 'TWINVEC_MAX_BODY_MB',
    fallback: undefined,
    defaultText: `${LIMITS.realTimeBody.value / mebibytes(1)}`,
    min: 1,
    max: LIMITS.asyncInput.value / mebibytes(1),
    doc: 'Largest body outside batch mode, in MiB. An asynchronous endpoint may be sent 1 GB.',
  }),
  batchStrategy: choice({
    name: 'SAGEMAKER_BATCH_STRATEGY',
    fallback: undefined,
    defaultText: 'MULTI_RECORD',
    words: ['MULTI_RECORD', 'SINGLE_RECORD'],
    // The API's spelling, which SageMaker's local mode passes on.
    aliases: { MultiRecord: 'MULTI_RECORD', SingleRecord: 'SINGLE_RECORD' },
    doc: `Advertised by /execution-parameters, and whether binary bodies are one record or frames. ${BATCH_SENDS}.`,
  }),
  maxConcurrentTransforms: wholeNumber({
    name: 'SAGEMAKER_MAX_CONCURRENT_TRANSFORMS',
    fallback: undefined,
    defaultText: '8, less where the payload is large',
    min: 1,
    max: LIMITS.batchMaxConcurrency.value,
    doc: `Requests at once that batch mode never refuses. ${BATCH_SENDS}.`,
  }),
  defaultAccept: choice({
    name: 'SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT',
    fallback: undefined,
    defaultText: 'the type of the request',
    words: ['application/json', 'application/jsonlines'],
    doc: 'Media type of the answer when the request has no Accept header.',
  }),
  preferredMode: choice({
    name: 'INFERENCE_PREFERRED_MODE',
    fallback: undefined,
    defaultText: 'none',
    words: ['embedding', 'classification'],
    doc: 'The network that is on the GPU; the other is on the host. Both modes are always answered.',
  }),
  engine: choice({
    name: 'TWINVEC_ENGINE',
    fallback: 'auto',
    words: ['auto', 'tensorflow', 'js'],
    doc: 'What computes. auto takes TensorFlow where it is installed.',
  }),
  engineWorkers: wholeNumber({
    name: 'TWINVEC_ENGINE_WORKERS',
    fallback: undefined,
    defaultText: '1; 2 for a SavedModel of up to 256 MiB on a host without a GPU; cores - 1 for js',
    min: 1,
    max: 64,
    doc: 'Threads that each hold the model. TensorFlow uses all cores from one; a second computes while the first waits.',
  }),
  engineTimeoutMs: wholeNumber({
    name: 'TWINVEC_ENGINE_TIMEOUT_MS',
    fallback: 30_000,
    min: 100,
    max: 3_600_000,
    doc: 'An engine call that takes longer counts as hung: its worker is replaced.',
  }),
  loadTimeoutMs: wholeNumber({
    name: 'TWINVEC_LOAD_TIMEOUT_MS',
    fallback: 240_000,
    min: 1_000,
    max: 3_600_000,
    doc: 'Time to open and warm up the model. SageMaker waits 4 minutes by default.',
  }),
  batching: choice({
    name: 'TWINVEC_BATCHING',
    fallback: 'on',
    words: ['on', 'off'],
    doc: 'off makes one engine call per request, for measurements and debugging.',
  }),
  batchTokens: wholeNumber({
    name: 'TWINVEC_BATCH_TOKENS',
    fallback: 16_384,
    min: 1,
    max: 16_777_216,
    doc: 'Tokens in one engine call, at most. A larger request is split by rows.',
  }),
  batchRows: wholeNumber({
    name: 'TWINVEC_BATCH_ROWS',
    fallback: 1_024,
    min: 1,
    max: 1_048_576,
    doc: 'Rows in one engine call, at most.',
  }),
  queueRequests: wholeNumber({
    name: 'TWINVEC_QUEUE_REQUESTS',
    fallback: 256,
    min: 1,
    max: 65_536,
    doc: 'Requests that may wait for the engine. More are answered 503 at once.',
  }),
  queueBytes: wholeNumber({
    name: 'TWINVEC_QUEUE_BYTES',
    fallback: 268_435_456,
    min: 1_048_576,
    max: 17_179_869_184,
    doc: 'Bytes of request bodies held at once. More are answered 503 at once.',
  }),
  queueDeadlineMs: wholeNumber({
    name: 'TWINVEC_QUEUE_DEADLINE_MS',
    fallback: undefined,
    defaultText: `10000; ${LIMITS.batchInvocationSeconds.value * 1000} in batch mode`,
    min: 1,
    max: 3_600_000,
    doc: 'Longest wait for the engine. Then the answer is 504, without engine time.',
  }),
  requestTimeoutMs: wholeNumber({
    name: 'TWINVEC_REQUEST_TIMEOUT_MS',
    fallback: LIMITS.realTimeSeconds.value * 1000,
    min: 100,
    max: 3_600_000,
    doc: 'Time for a whole request to arrive. Then the answer is 408.',
  }),
  minBodyRate: wholeNumber({
    name: 'TWINVEC_MIN_BODY_RATE',
    fallback: 1_024,
    min: 0,
    max: 1_048_576,
    doc: 'Slowest body, in bytes per second, after the first 5 seconds; 0 is no limit.',
  }),
  maxConnections: wholeNumber({
    name: 'TWINVEC_MAX_CONNECTIONS',
    fallback: 4_096,
    min: 1,
    max: 65_536,
    doc: 'Open connections, at most. Further ones are closed at once.',
  }),
  drainMs: wholeNumber({
    name: 'TWINVEC_DRAIN_MS',
    fallback: 24_000,
    min: 100,
    max: 3_600_000,
    doc: `Time to answer what was accepted after SIGTERM. SageMaker kills after ${LIMITS.stopGraceSeconds.value} s.`,
  }),
  logLevel: choice({
    name: 'TWINVEC_LOG_LEVEL',
    fallback: 'info',
    words: ['debug', 'info', 'warn', 'error', 'silent'],
    doc: 'Least severe log lines to write.',
  }),
  runAs: wholeNumber({
    name: 'TWINVEC_RUN_AS',
    fallback: undefined,
    defaultText: '1000 in the image; elsewhere nothing changes',
    min: 0,
    max: 65_534,
    doc: 'User id that a process started as root becomes once its files are known to be readable; 0 stays root.',
  }),
  ...TENSORFLOW_SETTINGS,
  ...HANDLER_SETTINGS,
  ...MULTI_MODEL_SETTINGS,
} as const;

export function servingSettings(): readonly Setting<unknown>[] {
  return Object.values(SERVING_SETTINGS);
}
