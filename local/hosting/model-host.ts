/**
 * Starts servers for a model of the control plane, with its files from S3 and the variables that SageMaker sets: the
 * containers of a job, and instances that are kept up for an endpoint.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import { type ContainerDefinition, type CreateModelRequest, containersOf } from '#core/sagemaker/model-request.ts';
import { type ContainerProcess, startContainer } from './container-process.ts';
import { fetchModelData } from './fetch-model-data.ts';
import { type HostedInstance, hostnameOf, type InstanceRequest, startInstance } from './hosted-instance.ts';

export interface ModelHost {
  /** For a job, which decides itself what becomes of a server that ends. */
  start(request: HostRequest): Promise<HostedModel>;
  /** For an endpoint. */
  startInstance(request: InstanceRequest): Promise<HostedInstance>;
}

export interface HostRequest {
  readonly model: CreateModelRequest;
  readonly region: string;
  /** Over the model's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** @param hostname of the container, in a pipeline */
  readonly logFileOf: (hostname: string | undefined) => string;
  readonly startupTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

export interface HostedModel extends Pick<ContainerProcess, 'url' | 'describeEnd' | 'stop'> {
  /** The containers of a serial pipeline after the first. */
  readonly nextUrls: readonly string[];
}

export interface ModelHostOptions {
  readonly s3: S3Client;
  /** Unpacked models live here while their container runs. */
  readonly workFolder: string;
  /** Variables for every container, such as TWINVEC_ENGINE. A model's own win. */
  readonly environment: Readonly<Record<string, string>>;
}

export function createModelHost({ s3, workFolder, environment }: ModelHostOptions): ModelHost {
  return {
    startInstance: (request) => startInstance({ s3, workFolder, environment }, request),
    async start(request) {
      const definitions = containersOf(request.model);
      checkServesJobs(request.model, definitions);
      await mkdir(workFolder, { recursive: true });
      const folders: string[] = [];
      const failed = new AbortController();
      const signal = AbortSignal.any([request.signal, failed.signal]);

      async function startOne(definition: ContainerDefinition, at: number): Promise<ContainerProcess> {
        const baseDir = await mkdtemp(path.join(workFolder, `${request.model.ModelName}-`));
        folders.push(baseDir);
        await fetchModelData(s3, definition, baseDir, signal);
        const hostname = definitions.length === 1 ? undefined : hostnameOf(definition, at, definitions.length);
        return startContainer({
          baseDir,
          logFile: request.logFileOf(hostname),
          signal,
          environment: {
            ...environment,
            SAGEMAKER_REGION: request.region,
            ...definition.Environment,
            ...request.environment,
          },
          startupTimeoutMs: request.startupTimeoutMs,
        });
      }

      const starts = await Promise.allSettled(
        definitions.map((definition, at) =>
          startOne(definition, at).catch((error: unknown) => {
            failed.abort(error);
            throw error;
          }),
        ),
      );
      const containers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
      const stop = async (): Promise<void> => {
        await Promise.all(containers.map((container) => container.stop()));
        await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
      };
      if (containers.length < definitions.length) {
        await stop();
        throw failed.signal.reason;
      }
      const [first, ...others] = containers;
      return {
        url: first!.url,
        nextUrls: others.map(({ url }) => url),
        describeEnd: () => containers.flatMap((container) => container.describeEnd() ?? [])[0],
        stop,
      };
    },
  };
}

/** @throws TwinvecError InvalidConfiguration for models that only endpoints can have: callers choose among their parts */
function checkServesJobs(model: CreateModelRequest, definitions: readonly ContainerDefinition[]): void {
  const direct = definitions.length > 1 && model.InferenceExecutionConfig?.Mode === 'Direct';
  if (!direct && definitions.every(({ Mode }) => Mode !== 'MultiModel')) return;
  const mode = direct ? 'InferenceExecutionConfig.Mode Direct' : 'a container in MultiModel mode';
  throw new TwinvecError(
    'InvalidConfiguration',
    `Model ${model.ModelName} has ${mode}, which batch transform does not support. Create a model for this job.`,
  );
}
