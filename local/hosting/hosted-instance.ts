/**
 * One instance of a variant: its containers, one or those of a pipeline, each kept up by itself and with a log of its own.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import {
  type ContainerDefinition,
  type CreateModelRequest,
  containersOf,
  modelDataOf,
} from '#core/sagemaker/model-request.ts';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import { fetchModelData } from './fetch-model-data.ts';
import { createLoadedModels, type LoadedModels } from './loaded-models.ts';
import { type SupervisedContainer, superviseContainer } from './supervised-container.ts';

export interface HostedContainer {
  /** As it stands in messages, and as TargetContainerHostname names it. */
  readonly hostname: string;
  readonly server: SupervisedContainer;
  /** Of a multi-model container. */
  readonly models?: LoadedModels;
}

export interface HostedInstance {
  /** In the form of AWS's instance ids. */
  readonly id: string;
  /** In the order of a serial pipeline. */
  readonly containers: readonly HostedContainer[];
  /** Whether callers choose the container, rather than going through all. */
  readonly direct: boolean;
  /** Why it cannot answer now; undefined while it can. */
  describeEnd(): string | undefined;
  /** SIGTERM to every container, and SIGKILL after 30 s. */
  stop(): Promise<void>;
}

export interface InstanceRequest {
  readonly model: CreateModelRequest;
  readonly region: string;
  /** Over the models' own variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** @param hostname of the container, in a pipeline */
  readonly logFileOf: (instance: string, hostname: string | undefined) => string;
  readonly startupTimeoutMs: number;
  /** How long fetching and unpacking a model may take. */
  readonly downloadTimeoutMs: number;
  /** Aborting ends the start, and what runs. */
  readonly signal: AbortSignal;
}

export interface InstanceHost {
  readonly s3: S3Client;
  readonly workFolder: string;
  /** Variables for every container. A model's own win. */
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws TwinvecError NotReady, NotFound or InvalidArtifact of the first container that does not get healthy. */
export async function startInstance(host: InstanceHost, request: InstanceRequest): Promise<HostedInstance> {
  const id = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
  const agent = new http.Agent({ keepAlive: true });
  const failed = new AbortController();
  const signal = AbortSignal.any([request.signal, failed.signal]);
  const definitions = containersOf(request.model);
  const baseDirs: string[] = [];

  async function start(definition: ContainerDefinition, at: number): Promise<HostedContainer> {
    const hostname = hostnameOf(definition, at, definitions.length);
    const baseDir = await mkdtemp(path.join(host.workFolder, `${request.model.ModelName}-`));
    baseDirs.push(baseDir);
    await fetchInTime(host.s3, definition, baseDir, request.downloadTimeoutMs, signal);
    const server = await superviseContainer({
      baseDir,
      logFile: request.logFileOf(id, definitions.length > 1 ? hostname : undefined),
      startupTimeoutMs: request.startupTimeoutMs,
      signal,
      environment: {
        ...host.environment,
        SAGEMAKER_REGION: request.region,
        ...(definition.Mode === 'MultiModel' ? { SAGEMAKER_MULTI_MODEL: 'true' } : {}),
        ...definition.Environment,
        ...request.environment,
      },
    });
    const prefix = definition.Mode === 'MultiModel' ? parseS3Uri(modelDataOf(definition)?.uri ?? '') : undefined;
    const cache = definition.MultiModelConfig?.ModelCacheSetting !== 'Disabled';
    const models = prefix && createLoadedModels({ s3: host.s3, prefix, server, baseDir, cache, agent, signal });
    return { hostname, server, ...(models ? { models } : {}) };
  }

  await mkdir(host.workFolder, { recursive: true });
  const started = await Promise.allSettled(
    definitions.map((definition, at) =>
      start(definition, at).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
  const containers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map(({ server }) => server.stop()));
    agent.destroy();
    await Promise.all(baseDirs.map((dir) => rm(dir, { recursive: true, force: true })));
  };
  if (containers.length < definitions.length) {
    await stop();
    throw failed.signal.reason;
  }
  return {
    id,
    containers,
    direct: request.model.InferenceExecutionConfig?.Mode === 'Direct',
    describeEnd: () => containers.flatMap(({ server }) => server.describeEnd() ?? [])[0],
    stop,
  };
}

/** A single container is `primary` in the service's messages, those of a pipeline are numbered. */
export function hostnameOf(definition: ContainerDefinition, at: number, count: number): string {
  if (count === 1) return 'primary';
  return definition.ContainerHostname ?? `container-${at + 1}`;
}

async function fetchInTime(
  s3: S3Client,
  definition: ContainerDefinition,
  baseDir: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  await fetchModelData(s3, definition, baseDir, AbortSignal.any([signal, late])).catch((error: unknown) => {
    if (!late.aborted) throw error;
    throw new TwinvecError('NotReady', `Downloading the model took longer than ${timeoutMs / 1000} s.`);
  });
}
