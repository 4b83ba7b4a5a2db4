/**
 * The environment of `serve` as one frozen value. A bad variable refuses to start and every problem is listed at once:
 * a server that guesses limits fails later, under load.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import type { EngineChoice } from '../engine/session.ts';
import { memoryOfProcess } from '../process-memory.ts';
import { SERVING_SETTINGS, servingSettings } from './serving-settings.ts';
import { SettingsReader } from './setting.ts';

export interface ServingConfig {
  readonly port: number;
  readonly host: string;
  /** SageMaker's folder; everything that a server reads lies below it. */
  readonly baseDir: string;
  readonly modelDir: string;
  readonly batch: boolean;
  readonly maxBodyBytes: number;
  readonly maxRecords: number;
  readonly executionParameters: ExecutionParameters;
  /** What a binary body holds; undefined is what is usual for its media type. */
  readonly binaryRecords: 'single' | 'framed' | undefined;
  readonly defaultAccept: 'application/json' | 'application/jsonlines' | undefined;
  readonly preferredMode: 'embedding' | 'classification' | undefined;
  readonly engine: EngineChoice;
  /** Undefined: one for TensorFlow, one per further core for the fallback. */
  readonly engineWorkers: number | undefined;
  readonly engineTimeoutMs: number;
  readonly loadTimeoutMs: number;
  readonly batching: boolean;
  readonly batchTokens: number;
  readonly batchRows: number;
  readonly queueRequests: number;
  readonly queueBytes: number;
  readonly queueDeadlineMs: number;
  readonly requestTimeoutMs: number;
  /** Bytes per second. */
  readonly minBodyRate: number;
  readonly maxConnections: number;
  readonly drainMs: number;
  readonly logLevel: string;
  /** The user id that a server started as root becomes. */
  readonly runAs: number | undefined;
  /** The model of requests that name none, where the environment says so. */
  readonly defaultModelName: string | undefined;
  /** How requests to SavedModels share engine calls. */
  readonly tensorBatching: {
    readonly enabled: boolean;
    readonly maxRows: number;
    /** Ascending; calls are padded to the next of them. Undefined leaves every call as it is. */
    readonly allowedSizes: readonly number[] | undefined;
    /** How long a request may wait for others to fill its call. */
    readonly fillMs: number;
    /** Calls of one model version that are at the engine at once, at most. */
    readonly maxCalls: number | undefined;
  };
  /** Whether SavedModels are called with zeros before requests are taken. */
  readonly tensorWarmUp: boolean;
  readonly interOpThreads: number | undefined;
  readonly intraOpThreads: number | undefined;
  /** The part of a GPU's memory that TensorFlow leaves to others; undefined is its own choice. */
  readonly gpuMemoryMargin: number | undefined;
  /** Whether a server that sees no GPU ends instead of using the host. */
  readonly requiresGpu: boolean;
  /** Operations with files, Python or network that SavedModels may have. */
  readonly allowedOperations: readonly string[];
  readonly handlerProcesses: number;
  readonly handlerTimeoutMs: number;
  /** MiB of one handler process. */
  readonly handlerMemoryMb: number;
  /** Set on a multi-model endpoint. */
  readonly multiModel: MultiModelConfig | undefined;
}

export interface MultiModelConfig {
  /** Every model lies below it. */
  readonly modelsDir: string;
  /** Of the files of all loaded models, times their engine workers. */
  readonly memoryBytes: number;
  /** Where handlers lie for models without their own: in code/ below one of these, the first that has a script. */
  readonly sharedCodeParents: readonly string[];
}

/** The body of `GET /execution-parameters` (AWS docs your-algorithms-batch-code). */
export interface ExecutionParameters {
  readonly MaxConcurrentTransforms: number;
  readonly BatchStrategy: string;
  readonly MaxPayloadInMB: number;
}

const DEFAULT_CONCURRENCY = 8;
const DEFAULT_STRATEGY = 'MULTI_RECORD';
const REAL_TIME_DEADLINE_MS = 10_000;
const MAX_QUEUE_REQUESTS = 65_536;
const MAX_HANDLER_PROCESSES = 4;
/** Where AWS's container, too, begins to call memory exhausted. */
const MODELS_SHARE_OF_MEMORY = 0.7;

/** Throws `InvalidConfiguration` with every problem, one after the other. */
export function parseServingConfig(env: NodeJS.ProcessEnv): ServingConfig {
  const reader = new SettingsReader(env);
  const read = readAll(reader);
  const payloadMb = read.maxPayloadMb ?? LIMITS.batchDefaultPayloadMb.value;
  const concurrency = read.maxConcurrentTransforms ?? defaultConcurrency(payloadMb);
  reader.problems.push(...conflicts(payloadMb, concurrency), ...wrongBatchSizes(read));
  reader.problems.push(...endlessFilling(read), ...unsafeNodeOptions(env));
  if (reader.problems.length > 0) throw new TwinvecError('InvalidConfiguration', reader.problems.join('; '));
  const maxBodyBytes = bodyLimit(read);
  return Object.freeze({
    ...read,
    modelDir: join(read.baseDir, 'model'),
    maxBodyBytes,
    maxRecords: read.batch ? LIMITS.batchRecords.value : LIMITS.realTimeRecords.value,
    executionParameters: {
      MaxConcurrentTransforms: concurrency,
      BatchStrategy: read.batchStrategy ?? DEFAULT_STRATEGY,
      MaxPayloadInMB: payloadMb,
    },
    binaryRecords: binaryRecords(read),
    batching: read.batching === 'on',
    tensorBatching: {
      enabled: read.tensorBatching && read.batching === 'on',
      maxRows: read.tensorBatchRows,
      allowedSizes: read.allowedBatchSizes,
      fillMs: (read.tensorBatchTimeoutMicros ?? 0) / 1000,
      maxCalls: read.tensorBatchThreads,
    },
    requiresGpu: read.gpu === 'required',
    tensorWarmUp: read.tensorWarmUp === 'on',
    multiModel: read.multiModel ? multiModel(read) : undefined,
    engineWorkers: read.engineWorkers ?? read.instanceCount,
    loadTimeoutMs: read.waitTimeSeconds === undefined ? read.loadTimeoutMs : read.waitTimeSeconds * 1000,
    handlerProcesses: read.handlerProcesses ?? Math.min(MAX_HANDLER_PROCESSES, availableParallelism()),
    handlerTimeoutMs: read.handlerTimeoutSeconds * 1000,
    // Batch mode never sheds what it advertised, nor is a body shed that was explicitly allowed, whatever the bounds say.
    queueRequests: Math.max(queueRequests(read), read.batch ? concurrency : 0),
    queueBytes: Math.max(read.queueBytes, bytesPromised(read, concurrency, maxBodyBytes)),
    queueDeadlineMs: queueDeadlineMs(read),
  });
}

type Read = ReturnType<typeof readAll>;

function multiModel({ baseDir, modelsDir, modelsMemoryMb }: Read): MultiModelConfig {
  const dir = modelsDir ?? join(baseDir, 'models');
  const memoryBytes =
    modelsMemoryMb === undefined ? MODELS_SHARE_OF_MEMORY * memoryOfProcess() : mebibytes(modelsMemoryMb);
  return { modelsDir: dir, memoryBytes, sharedCodeParents: [baseDir, dir] };
}

function queueDeadlineMs({ queueDeadlineMs: wanted, batch }: Read): number {
  return wanted ?? (batch ? LIMITS.batchInvocationSeconds.value * 1000 : REAL_TIME_DEADLINE_MS);
}

/** A request that waits for company would be refused before its call is made. */
function endlessFilling(read: Read): string[] {
  const { tensorBatchTimeoutMicros: timeout, queueDeadlineMs: deadline } = SERVING_SETTINGS;
  if ((read.tensorBatchTimeoutMicros ?? 0) / 1000 < queueDeadlineMs(read)) return [];
  return [`${timeout.name} must be less than ${deadline.name}, ${queueDeadlineMs(read)} ms`];
}

function wrongBatchSizes({ allowedBatchSizes, tensorBatchRows }: Read): string[] {
  if (!allowedBatchSizes || allowedBatchSizes.at(-1) === tensorBatchRows) return [];
  const { allowedBatchSizes: sizes, tensorBatchRows: most } = SERVING_SETTINGS;
  return [`the last of ${sizes.name} must be ${most.name}, ${tensorBatchRows}`];
}

/** SageMaker strips the frames of single records and keeps those of several. */
function binaryRecords({ batch, batchStrategy }: Read): ServingConfig['binaryRecords'] {
  const strategy = batchStrategy ?? (batch ? DEFAULT_STRATEGY : undefined);
  return strategy && (strategy === 'SINGLE_RECORD' ? 'single' : 'framed');
}

function queueRequests({ queueRequests, tensorBatchesWaiting, tensorBatchRows }: Read): number {
  if (tensorBatchesWaiting === undefined) return queueRequests;
  return Math.min(MAX_QUEUE_REQUESTS, tensorBatchesWaiting * tensorBatchRows);
}

function readAll(reader: SettingsReader) {
  const s = SERVING_SETTINGS;
  return {
    port: reader.read(s.port),
    host: reader.read(s.host),
    baseDir: reader.read(s.baseDir),
    batch: reader.read(s.batch),
    maxPayloadMb: reader.read(s.maxPayloadMb),
    maxBodyMb: reader.read(s.maxBodyMb),
    batchStrategy: reader.read(s.batchStrategy),
    maxConcurrentTransforms: reader.read(s.maxConcurrentTransforms),
    defaultAccept: reader.read(s.defaultAccept),
    preferredMode: reader.read(s.preferredMode),
    engine: reader.read(s.engine),
    engineWorkers: reader.read(s.engineWorkers),
    engineTimeoutMs: reader.read(s.engineTimeoutMs),
    loadTimeoutMs: reader.read(s.loadTimeoutMs),
    batching: reader.read(s.batching),
    batchTokens: reader.read(s.batchTokens),
    batchRows: reader.read(s.batchRows),
    queueRequests: reader.read(s.queueRequests),
    queueBytes: reader.read(s.queueBytes),
    queueDeadlineMs: reader.read(s.queueDeadlineMs),
    requestTimeoutMs: reader.read(s.requestTimeoutMs),
    minBodyRate: reader.read(s.minBodyRate),
    maxConnections: reader.read(s.maxConnections),
    drainMs: reader.read(s.drainMs),
    logLevel: reader.read(s.logLevel),
    runAs: reader.read(s.runAs),
    defaultModelName: reader.read(s.defaultModelName),
    tensorBatching: reader.read(s.tensorBatching),
    tensorBatchRows: reader.read(s.tensorBatchRows),
    allowedBatchSizes: reader.read(s.allowedBatchSizes),
    tensorBatchTimeoutMicros: reader.read(s.tensorBatchTimeoutMicros),
    tensorBatchThreads: reader.read(s.tensorBatchThreads),
    tensorBatchesWaiting: reader.read(s.tensorBatchesWaiting),
    instanceCount: reader.read(s.instanceCount),
    interOpThreads: reader.read(s.interOpThreads),
    intraOpThreads: reader.read(s.intraOpThreads),
    tensorWarmUp: reader.read(s.tensorWarmUp),
    waitTimeSeconds: reader.read(s.waitTimeSeconds),
    gpuMemoryMargin: reader.read(s.gpuMemoryMargin),
    gpu: reader.read(s.gpu),
    allowedOperations: reader.read(s.allowedOperations),
    handlerProcesses: reader.read(s.handlerProcesses),
    handlerTimeoutSeconds: reader.read(s.handlerTimeoutSeconds),
    handlerMemoryMb: reader.read(s.handlerMemoryMb),
    multiModel: reader.read(s.multiModel),
    modelsDir: reader.read(s.modelsDir),
    modelsMemoryMb: reader.read(s.modelsMemoryMb),
  };
}

function defaultConcurrency(payloadMb: number): number {
  if (payloadMb === 0) return 1;
  const allowed = Math.floor(LIMITS.batchMaxConcurrencyTimesPayloadMb.value / payloadMb);
  return Math.min(DEFAULT_CONCURRENCY, allowed);
}

function bytesPromised({ batch, maxBodyMb }: Read, concurrency: number, maxBodyBytes: number): number {
  if (batch) return concurrency * maxBodyBytes;
  return maxBodyMb === undefined ? 0 : maxBodyBytes;
}

function bodyLimit({ batch, maxBodyMb, maxPayloadMb }: Read): number {
  if (!batch) return maxBodyMb === undefined ? LIMITS.realTimeBody.value : mebibytes(maxBodyMb);
  // 0 is "any size, chunked" to the platform; memory is not endless.
  return mebibytes(maxPayloadMb || LIMITS.batchMaxPayloadMb.value);
}

function conflicts(payloadMb: number, concurrency: number): string[] {
  const most = LIMITS.batchMaxConcurrencyTimesPayloadMb.value;
  if (payloadMb * concurrency <= most) return [];
  const { maxConcurrentTransforms, maxPayloadMb } = SERVING_SETTINGS;
  return [`${maxConcurrentTransforms.name} x ${maxPayloadMb.name} must be at most ${most}`];
}

/** An inspector port or preloaded code is a way into the process (spec faults K5). */
function unsafeNodeOptions(env: NodeJS.ProcessEnv): string[] {
  const unsafe = /(^|\s)(--inspect\S*|--require|-r|--import|--insecure-http-parser)(?=[\s=]|$)/.exec(
    env.NODE_OPTIONS ?? '',
  );
  return unsafe ? [`NODE_OPTIONS must not contain ${unsafe[2]}`] : [];
}

/** The table that `serve --help` prints: name, default, what it accepts, meaning. */
export function servingHelp(): string {
  const lines = servingSettings().map(
    ({ name, accepts, defaultText, doc }) => `  ${name}\n      ${doc}\n      ${accepts}; default ${defaultText}`,
  );
  return ['Environment variables:', ...lines, ''].join('\n');
}
