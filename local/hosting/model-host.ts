/**
 * Starts a container for a model of the control plane: fetches its archive from S3, unpacks it, sets the variables
 * that SageMaker sets. Endpoints and transform jobs differ only in those variables.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import {
  type ContainerDefinition,
  type CreateModelRequest,
  containersOf,
  modelDataOf,
} from '#core/sagemaker/model-request.ts';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import { extractArchive } from '../../container/src/model-archive.ts';
import { type ContainerProcess, startContainer } from './container-process.ts';

export interface ModelHost {
  start(request: HostRequest): Promise<HostedModel>;
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
    async start(request) {
      const definition = soleContainer(request.model);
      await mkdir(workFolder, { recursive: true });
      const baseDir = await mkdtemp(path.join(workFolder, `${request.model.ModelName}-`));
      const cleanUp = (): Promise<void> => rm(baseDir, { recursive: true, force: true });
      try {
        await fetchModel(s3, archiveOf(definition), baseDir, request.signal);
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

function archiveOf(definition: ContainerDefinition): string {
  const data = modelDataOf(definition);
  if (data?.layout === 'archive') return data.uri;
  throw new TwinvecError('InvalidArtifact', 'The model has no ModelDataUrl of a .tar.gz.');
}

async function fetchModel(s3: S3Client, modelDataUrl: string, baseDir: string, signal: AbortSignal): Promise<void> {
  const uri = parseS3Uri(modelDataUrl);
  if (!uri?.key.endsWith('.tar.gz')) {
    throw new TwinvecError('InvalidArtifact', `${modelDataUrl} is not an s3:// address of a .tar.gz`);
  }
  const archive = path.join(baseDir, 'model.tar.gz');
  const get = new GetObjectCommand({ Bucket: uri.bucket, Key: uri.key });
  const { Body: body } = await s3.send(get, { abortSignal: signal }).catch((error: Error) => {
    throw new TwinvecError('NotFound', `Could not access model data at ${modelDataUrl}: ${error.name}`, {
      cause: error,
    });
  });
  await pipeline(body as AsyncIterable<Uint8Array>, createWriteStream(archive), { signal });
  await extractArchive(archive, path.join(baseDir, 'model'));
  await rm(archive);
}
