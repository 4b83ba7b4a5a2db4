/**
 * Starts servers for a model of the control plane, with its files from S3 and the variables that SageMaker sets: one
 * container for a job, an instance that is kept up for an endpoint.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import { type ContainerDefinition, type CreateModelRequest, containersOf } from '#core/sagemaker/model-request.ts';
import { type ContainerProcess, startContainer } from './container-process.ts';
import { fetchModelData } from './fetch-model-data.ts';
import { type HostedInstance, type InstanceRequest, startInstance } from './hosted-instance.ts';

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
  readonly logFile: string;
  readonly startupTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

export type HostedModel = Pick<ContainerProcess, 'url' | 'pid' | 'describeEnd' | 'stop'>;

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
      const definition = soleContainer(request.model);
      await mkdir(workFolder, { recursive: true });
      const baseDir = await mkdtemp(path.join(workFolder, `${request.model.ModelName}-`));
      const cleanUp = (): Promise<void> => rm(baseDir, { recursive: true, force: true });
      try {
        await fetchModelData(s3, definition, baseDir, request.signal);
        const container = await startContainer({
          baseDir,
          logFile: request.logFile,
          signal: request.signal,
          environment: {
            ...environment,
            SAGEMAKER_REGION: request.region,
            ...definition.Environment,
            ...request.environment,
          },
          ...(request.startupTimeoutMs === undefined ? {} : { startupTimeoutMs: request.startupTimeoutMs }),
        });
        return {
          ...container,
          async stop() {
            await container.stop();
            await cleanUp();
          },
        };
      } catch (error) {
        await cleanUp();
        throw error;
      }
    },
  };
}

function soleContainer(model: CreateModelRequest): ContainerDefinition {
  const [first, ...others] = containersOf(model);
  if (first && others.length === 0) return first;
  throw new TwinvecError('InvalidConfiguration', `Model ${model.ModelName} has ${others.length + 1} containers.`);
}
