/**
 * The variables of AWS's TensorFlow Serving container, by its names, and what this server makes of them. Those that
 * steer what is not there are still checked, so that a typing error does not wait for the day they matter.
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
    doc: 'Checked and not used: a call takes what waits when the engine is free, and no request waits for others.',
  }),
  tensorBatchThreads: wholeNumber({
    name: 'SAGEMAKER_TFS_NUM_BATCH_THREADS',
    fallback: undefined,
    defaultText: '1 for each engine worker',
    min: 1,
    max: 1_024,
    doc: 'Checked and not used: each engine worker runs one call, with all cores.',
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
    doc: 'Threads that TensorFlow uses within one operation; 0 is its own choice.',
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
    defaultText: '0.2',
    min: 0,
    max: 1,
    doc: 'Checked and not used: the workers are threads of one process, which share its memory on the GPU.',
  }),
  allowedOperations: nameList({
    name: 'TWINVEC_ALLOWED_OPERATIONS',
    doc: 'Operations of SavedModels to allow although they use files, Python or the network, such as ReadFile.',
  }),
} as const;
