/**
 * From a definition and the time it was scheduled for to the one request that will be made. Everything is derived,
 * nothing is drawn: the same tick of a schedule, delivered twice, gives the same job name, and SageMaker's refusal of
 * a used name is the lock.
 */
import { createHash } from 'node:crypto';
import { TwinvecError } from '#core/errors.ts';
import type { InputFields, TransformDefinition } from './transform-definition.ts';
import { type OptionalRequest, optionalRequest } from './transform-options.ts';

interface S3Source {
  readonly S3DataType: 'S3Prefix' | 'ManifestFile';
  readonly S3Uri: string;
}

/** CreateTransformJob's request, as far as definitions reach. Field names are the API's. */
export interface TransformRequest extends OptionalRequest {
  readonly TransformJobName: string;
  readonly ModelName: string;
  readonly MaxConcurrentTransforms: number;
  readonly MaxPayloadInMB: number;
  readonly BatchStrategy: 'MultiRecord' | 'SingleRecord';
  /** Always stated: CDK's own task would send 60 s and no retries where the API's defaults are 600 and 3. */
  readonly ModelClientConfig: { InvocationsTimeoutInSeconds: number; InvocationsMaxRetries: number };
  readonly Environment: Record<string, string>;
  readonly TransformInput: {
    DataSource: { S3DataSource: S3Source };
    ContentType: string;
    CompressionType: TransformDefinition['compressionType'];
    SplitType: TransformDefinition['splitType'];
  };
  readonly TransformOutput: { S3OutputPath: string; Accept: string; AssembleWith: 'Line' | 'None'; KmsKeyId?: string };
  readonly TransformResources: {
    InstanceType: string;
    InstanceCount: number;
    VolumeKmsKeyId?: string;
    TransformAmiVersion?: string;
  };
  /** Only where something is filtered or joined. */
  readonly DataProcessing?: { InputFilter: string; OutputFilter: string; JoinSource: 'None' | 'Input' };
}

export interface ValidationRequest
  extends Pick<
    TransformDefinition,
    keyof typeof InputFields | 'inputS3Uri' | 'accept' | 'outputFilter' | 'assembleWith' | 'maxBadRecords'
  > {
  readonly inputManifestS3Uri?: string;
  readonly inputs?: NonNullable<TransformDefinition['inputs']>;
}

export interface TransformPlan {
  /** Of the run: its first job is called so, and the folder of its outputs. */
  readonly runName: string;
  /** Of the job of this attempt. */
  readonly jobName: string;
  /** 0 = the whole input; n = for the n-th time only the files that have failed so far. */
  readonly attempt: number;
  /** ISO 8601, UTC, whole seconds. */
  readonly scheduledTime: string;
  readonly request: TransformRequest;
  /** The whole input of the run, whichever part of it this attempt reads. */
  readonly inputS3Uri: string;
  /** Names the objects of the input, where not all below `inputS3Uri` are meant. */
  readonly inputManifestS3Uri?: string;
  /** What the validator is to check before the request is made. */
  readonly validation: ValidationRequest;
  /** Where this run's record of itself is written. */
  readonly manifestS3Uri: string;
}

/**
 * @param scheduledTime ISO 8601; the time the run was scheduled for, never the time it started
 * @param attempt Of the run; all but the first read a manifest of the files that failed instead of the input
 * @throws TwinvecError ValidationFailed
 */
export function planTransform(definition: TransformDefinition, scheduledTime: string, attempt = 0): TransformPlan {
  const time = wholeSeconds(scheduledTime);
  const runName = nameRun(definition, time);
  const jobName = attempt === 0 ? runName : `${runName}-r${attempt}`;
  // A folder of its own for every run: an earlier run's output is never overwritten. Its attempts share it, because a file
  // that is run again has no output yet, or one that is wrong.
  const folder = `${definition.outputS3Uri.replace(/\/+$/, '')}/${runName}`;
  const manifest = attempt === 0 ? definition.inputManifestS3Uri : `${folder}/retry-${attempt}.json`;
  const source: S3Source =
    manifest === undefined
      ? { S3DataType: 'S3Prefix', S3Uri: definition.inputS3Uri }
      : { S3DataType: 'ManifestFile', S3Uri: manifest };
  return {
    runName,
    jobName,
    attempt,
    scheduledTime: time,
    request: buildRequest(definition, jobName, source, folder),
    ...inputOf(definition),
    validation: buildValidation(definition),
    manifestS3Uri: `${folder}/manifest.json`,
  };
}

function inputOf({ inputS3Uri, inputManifestS3Uri }: TransformDefinition) {
  return { inputS3Uri, ...(inputManifestS3Uri === undefined ? {} : { inputManifestS3Uri }) };
}

function wholeSeconds(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new TwinvecError('ValidationFailed', 'scheduledTime is not an ISO 8601 time');
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** `<name>-<yyyymmddthhmmss>-<10 hex digits>`: at most 59 of CreateTransformJob's 63 characters, `-r1` follows. */
function nameRun(definition: TransformDefinition, time: string): string {
  const stamp = time.replace(/[-:Z]/g, '').toLowerCase();
  const hash = createHash('sha256').update(canonicalJson({ definition, time })).digest('hex').slice(0, 10);
  return `${definition.name}-${stamp}-${hash}`;
}

/** JSON with sorted keys, so that the order in which a definition was written does not change its name. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function buildValidation(definition: TransformDefinition): ValidationRequest {
  const { modelKind, contentType, compressionType, splitType, batchStrategy, maxPayloadInMB } = definition;
  const { inputFilter, joinSource, accept, outputFilter, assembleWith, maxBadRecords, inputs } = definition;
  return {
    modelKind,
    ...inputOf(definition),
    contentType,
    compressionType,
    splitType,
    batchStrategy,
    maxPayloadInMB,
    inputFilter,
    joinSource,
    accept,
    outputFilter,
    assembleWith,
    maxBadRecords,
    ...(inputs === undefined ? {} : { inputs }),
  };
}

function buildRequest(
  definition: TransformDefinition,
  jobName: string,
  source: S3Source,
  folder: string,
): TransformRequest {
  const { contentType, splitType, accept, assembleWith } = definition;
  const { outputKmsKeyId, volumeKmsKeyId, transformAmiVersion } = definition;
  return {
    TransformJobName: jobName,
    ModelName: definition.modelName,
    MaxConcurrentTransforms: definition.maxConcurrentTransforms,
    MaxPayloadInMB: definition.maxPayloadInMB,
    BatchStrategy: definition.batchStrategy,
    ModelClientConfig: {
      InvocationsTimeoutInSeconds: definition.invocationTimeoutSeconds,
      InvocationsMaxRetries: definition.invocationRetries,
    },
    Environment: definition.environment,
    TransformInput: {
      DataSource: { S3DataSource: source },
      ContentType: contentType,
      CompressionType: definition.compressionType,
      SplitType: splitType,
    },
    TransformOutput: {
      S3OutputPath: folder,
      Accept: accept,
      AssembleWith: assembleWith,
      ...(outputKmsKeyId === undefined ? {} : { KmsKeyId: outputKmsKeyId }),
    },
    TransformResources: {
      InstanceType: definition.instanceType,
      InstanceCount: definition.instanceCount,
      ...(volumeKmsKeyId === undefined ? {} : { VolumeKmsKeyId: volumeKmsKeyId }),
      ...(transformAmiVersion === undefined ? {} : { TransformAmiVersion: transformAmiVersion }),
    },
    ...dataProcessing(definition),
    ...optionalRequest(definition),
  };
}

function dataProcessing(definition: TransformDefinition): Pick<TransformRequest, 'DataProcessing'> {
  const { inputFilter: InputFilter, outputFilter: OutputFilter, joinSource: JoinSource } = definition;
  if (InputFilter === '$' && OutputFilter === '$' && JoinSource === 'None') return {};
  return { DataProcessing: { InputFilter, OutputFilter, JoinSource } };
}
