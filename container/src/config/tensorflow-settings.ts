/**
 * The variables of AWS's TensorFlow Serving container, by its names, and what this server makes of them.
 */
import { choice, flag, fraction, increasingNumbers, nameList, wholeNumber, word } from './setting.ts';

export const TENSORFLOW_SETTINGS = {
  defaultModelName: word({
    name: 'SAGEMAKER_TFS_DEFAULT_MODEL_NAME',
    fallback: undefined,
    defaultText: 'the only model',
    doc: 'The model of requests that name none. Without it, of several models each request has to name one.',
  }),
  tensorBatching: flag({
    name: 'SAGEMAKER_TFS_ENABLE_BATCHING',
    fallback: false,
    doc: 'Rows of different requests share engine calls of a SavedModel. Its rows must not look at each other.',
  }),
  tensorBatchRows: wholeNumber({
    name: 'SAGEMAKER_TFS_MAX_BATCH_SIZE',
    fallback: 8,
    min: 1,
    max: 1_048_576,
    doc: 'Rows that such a call takes, at most. A larger request is a call of its own.',
  }),
  allowedBatchSizes: increasingNumbers({
    name: 'TWINVEC_TFS_ALLOWED_BATCH_SIZES',
    doc: 'Calls of a SavedModel are padded to the next of these sizes. The last is SAGEMAKER_TFS_MAX_BATCH_SIZE.',
  }),
  tensorBatchTimeoutMicros: wholeNumber({
    name: 'SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS',
    fallback: undefined,
    defaultText: '0',
    min: 0,
    max: 3_600_000_000,
    doc: 'Longest that a request waits for others to share its call; 0: a call takes what waits when the engine is free.',
  }),
  tensorBatchThreads: wholeNumber({
    name: 'SAGEMAKER_TFS_NUM_BATCH_THREADS',
    fallback: undefined,
    defaultText: '2 for each engine worker',
    min: 1,
    max: 1_024,
    doc: 'Shared calls of a model version that run or are handed to a worker at once, at most. A worker takes 2.',
  }),
  tensorBatchesWaiting: wholeNumber({
    name: 'SAGEMAKER_TFS_MAX_ENQUEUED_BATCHES',
    fallback: undefined,
    defaultText: 'TWINVEC_QUEUE_REQUESTS',
    min: 1,
    max: 100_000_000,
    doc: 'Batches that may wait, each of SAGEMAKER_TFS_MAX_BATCH_SIZE requests; 65536 requests at most.',
  }),
  instanceCount: wholeNumber({
    name: 'SAGEMAKER_TFS_INSTANCE_COUNT',
    fallback: undefined,
    defaultText: 'TWINVEC_ENGINE_WORKERS',
    min: 1,
    max: 64,
    doc: 'Engine workers for each model version; each holds the model.',
  }),
  interOpThreads: wholeNumber({
    name: 'SAGEMAKER_TFS_INTER_OP_PARALLELISM',
    fallback: undefined,
    defaultText: '0',
    min: 0,
    max: 1_024,
    doc: 'Threads on which TensorFlow runs operations beside each other; 0 is its own choice.',
  }),
  intraOpThreads: wholeNumber({
    name: 'SAGEMAKER_TFS_INTRA_OP_PARALLELISM',
    fallback: undefined,
    defaultText: '0',
    min: 0,
    max: 1_024,
    doc: 'Threads that TensorFlow uses within one operation; 0: one for a bilstm network on up to 2 cores, else all cores.',
  }),
  tensorWarmUp: choice({
    name: 'TWINVEC_TFS_WARM_UP',
    fallback: 'on',
    words: ['on', 'off'],
    doc: 'One call of zeros for each signature of a SavedModel, before requests, where it is safe. off makes none.',
  }),
  waitTimeSeconds: wholeNumber({
    name: 'SAGEMAKER_TFS_WAIT_TIME_SECONDS',
    fallback: undefined,
    defaultText: 'TWINVEC_LOAD_TIMEOUT_MS',
    min: 1,
    max: 3_600,
    doc: 'Time to open the models.',
  }),
  gpuMemoryMargin: fraction({
    name: 'SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN',
    fallback: undefined,
    defaultText: "TensorFlow's choice",
    min: 0,
    max: 0.95,
    doc: "Part of the GPU's memory that TensorFlow leaves to others, for all workers together.",
  }),
  gpu: choice({
    name: 'TWINVEC_GPU',
    fallback: 'optional',
    words: ['optional', 'required'],
    doc: 'required: a server whose TensorFlow sees no GPU ends with the reason, instead of serving from the host.',
  }),
  allowedOperations: nameList({
    name: 'TWINVEC_ALLOWED_OPERATIONS',
    doc: 'Operations of SavedModels to allow although they use files, Python or the network, such as ReadFile.',
  }),
} as const;
