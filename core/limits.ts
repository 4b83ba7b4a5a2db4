/**
 * Numbers that somebody else enforces, each with the place that states it (read 2026-11-21), and the limits that this
 * service sets for itself. docs/limits.md is checked against this table by a test.
 */
export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly source: string;
}

const MIB = 1024 * 1024;
const limit = (value: number, unit: string, source: string): Limit => ({ value, unit, source });

export const LIMITS = {
  realTimeBody: limit(6_291_456, 'bytes', 'SageMaker Runtime API model, BodyBlob.max'),
  realTimeSeconds: limit(60, 'seconds', 'AWS docs your-algorithms-inference-code: answer /invocations'),
  pipelineHopBody: limit(5 * MIB, 'bytes', 'AWS docs inference-pipeline-troubleshoot: between two containers'),
  asyncInlineBody: limit(128_000, 'bytes', 'SageMaker Runtime API model, InvokeEndpointAsync Body'),
  asyncInput: limit(1024 * MIB, 'bytes', 'AWS docs async-inference: payloads up to 1 GB'),
  asyncInvocationSeconds: limit(900, 'seconds', 'InvokeEndpointAsync InvocationTimeoutSeconds default'),
  asyncRequestSeconds: limit(21_600, 'seconds', 'InvokeEndpointAsync RequestTTLSeconds default and maximum'),
  asyncNotice: limit(128_000, 'bytes', 'AWS docs async-inference: a response that a notice may hold'),
  asyncConcurrency: limit(4, 'requests', 'Twinvec; where MaxConcurrentInvocationsPerInstance does not say'),
  httpApiSeconds: limit(30, 'seconds', 'AWS docs http-api-quotas: integration timeout'),
  restApiSeconds: limit(29, 'seconds', 'AWS docs api-gateway limits: integration timeout of a regional REST API'),
  lambdaPayload: limit(6 * MIB, 'bytes', 'AWS Lambda quotas: a synchronous event, and its answer, as JSON'),
  pingSeconds: limit(2, 'seconds', 'AWS docs your-algorithms-inference-code: answer /ping'),
  stopGraceSeconds: limit(30, 'seconds', 'AWS docs your-algorithms-inference-code: SIGTERM to SIGKILL'),
  trainingStopGraceSeconds: limit(120, 'seconds', 'StopTrainingJob API: SIGTERM, then the job may save its model'),
  batchDefaultPayloadMb: limit(6, 'MiB', 'CreateTransformJob MaxPayloadInMB default'),
  batchMaxPayloadMb: limit(100, 'MiB', 'CreateTransformJob MaxPayloadInMB maximum'),
  batchMaxConcurrencyTimesPayloadMb: limit(100, 'MiB', 'CreateTransformJob MaxConcurrentTransforms x MaxPayloadInMB'),
  batchMaxConcurrency: limit(100, 'requests', 'CreateTransformJob MaxConcurrentTransforms'),
  batchMaxInstances: limit(100, 'instances', 'CreateTransformJob TransformResources.InstanceCount'),
  batchInvocationSeconds: limit(600, 'seconds', 'ModelClientConfig.InvocationsTimeoutInSeconds default'),
  batchInvocationRetries: limit(3, 'retries', 'ModelClientConfig.InvocationsMaxRetries default and maximum'),
  batchManifestBytes: limit(256 * MIB, 'bytes', 'Twinvec; a manifest is held in memory'),
  batchManifestObjects: limit(1_000_000, 'objects', 'Twinvec; objects of one manifest'),
  batchStreamedRecord: limit(
    512 * MIB,
    'bytes',
    'Twinvec; one record where MaxPayloadInMB is 0, which is held until it is sent',
  ),
  headerValue: limit(1024, 'characters', 'SageMaker Runtime API model, ContentType/Accept/CustomAttributes'),
  sequenceLength: limit(5000, 'tokens', 'Object2Vec hyperparameters enc0_max_seq_len; infer_max_seqlens'),
  vocabularySize: limit(3_000_000, 'tokens', 'Object2Vec hyperparameters enc0_vocab_size'),
  vocabularyFile: limit(512 * MIB, 'bytes', 'Twinvec; 3,000,000 words of 150 bytes'),
  tokenId: limit(2_147_483_647, 'id', 'int32, the type of ids in the graph'),
  jsonDepth: limit(100, 'levels', 'Twinvec; Triton uses the same (HTTP_MAX_JSON_NESTING_DEPTH)'),
  realTimeRecords: limit(100_000, 'records', 'Twinvec; AWS notebooks send 9,430 in one body'),
  batchRecords: limit(10_000_000, 'records', 'Twinvec; 100 MiB of the shortest JSON Lines records'),
  batchFailures: limit(
    100_000,
    'records',
    'Twinvec; more bad lines than this in one body is a wrong file, not bad luck',
  ),
  imagePixels: limit(25_000_000, 'pixels', 'Twinvec; spec faults I3, as decoders need 3 to 4 bytes for each'),
  modelFolderDepth: limit(16, 'folders', 'Twinvec; version folders lie two or three deep'),
  modelFolderEntries: limit(100_000, 'entries', 'Twinvec; what is searched for SavedModels at start'),
  doubledModel: limit(256 * MIB, 'bytes', 'Twinvec; a larger SavedModel has one engine worker where nobody says'),
  modelsOfPage: limit(100, 'models', 'Twinvec; GET /models of a multi-model endpoint gives a token for the next ones'),
  neighbours: limit(1000, 'neighbours', 'Twinvec; neighbours of one record'),
  neighboursOfRequest: limit(10_000_000, 'neighbours', 'Twinvec; of all records of a request together, about 400 MB'),
  localInstances: limit(
    20,
    'instances',
    'Twinvec; of all endpoints, and of all running transform jobs, of the local service; each one a process',
  ),
  errorMessage: limit(2048, 'characters', 'SageMaker Runtime ModelError.Message'),
  failureFile: limit(1024, 'characters', 'SageMaker DescribeTrainingJob FailureReason'),
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

export function mebibytes(count: number): number {
  return count * MIB;
}
