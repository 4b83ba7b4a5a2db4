/**
 * SageMaker on this machine: the control plane, the runtime and S3 on one loopback port, in AWS's wire protocols, with
 * the real container server behind every endpoint and transform job. Signatures are accepted, never verified.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import type { SliceEnd } from '#core/json-path/json-path.ts';
import { LIMITS } from '#core/limits.ts';
import { createDeploymentClock } from './control-plane/deployment-clock.ts';
import { createEndpointConfigs } from './control-plane/endpoint-configs.ts';
import { createEndpoints } from './control-plane/endpoints.ts';
import { createControlPlane } from './control-plane/handle-control-plane.ts';
import { createModels } from './control-plane/models.ts';
import type { Operations } from './control-plane/operations.ts';
import { createTags } from './control-plane/tags.ts';
import { createTrainingJobs } from './control-plane/training-jobs.ts';
import { createTransformJobs } from './control-plane/transform-jobs.ts';
import { createModelHost } from './hosting/model-host.ts';
import { handleIdentity } from './identity/handle-identity.ts';
import { createLogOperations } from './logs/log-operations.ts';
import { openFolderStore } from './object-store/folder-store.ts';
import { openMultipartUploads } from './object-store/multipart-uploads.ts';
import { kindOf, type RequestKind } from './request-kind.ts';
import { logRequest, OWN_CREDENTIALS } from './request-log.ts';
import { createRuntime } from './runtime/runtime.ts';
import { createS3 } from './s3/handle-s3.ts';
import { lockFolder } from './state/folder-lock.ts';
import { openState } from './state/state.ts';
import { createStatusPage } from './status-page/handle-status-page.ts';

export interface LocalOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Everything is kept below it: `s3` (objects as files), `logs` (one per container), `state` (names and jobs), `notices` (of asynchronous endpoints), `work` (models in use). */
  readonly dir: string;
  /** What computes in the containers. @default the container's own choice */
  readonly engine?: 'tensorflow' | 'js' | 'auto' | undefined;
  /** Whether filters of transform jobs take `$[1:4]` with position 4; AWS's documentation says both. @default 'exclusive' */
  readonly sliceEnd?: SliceEnd | undefined;
  /** For an answer to InvokeEndpoint. @default 60 s, as at SageMaker */
  readonly invocationTimeoutMs?: number | undefined;
  /** How many times faster than their configuration says the waits of deployments pass. @default 1 */
  readonly deploymentSpeed?: number | undefined;
  /** Of the draws that choose variants and instances. @default random */
  readonly seed?: number | undefined;
  /** Receives one line for each request, and for what the service has to say about its state. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface LocalService {
  readonly url: string;
  readonly port: number;
  /** Stops transforms and containers (SIGTERM, SIGKILL after 30 s), then the port. */
  close(): Promise<void>;
}

const MOST_SEEDS = 2 ** 32;

/** What the SDK needs to talk to the service; the values mean nothing. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

export async function startLocal(options: LocalOptions): Promise<LocalService> {
  const unlock = lockFolder(options.dir);
  try {
    const service = await open(options);
    return { ...service, close: () => service.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function open(options: LocalOptions): Promise<LocalService> {
  const server = http.createServer();
  // Uploads to S3 may take longer than node's 5 minutes.
  server.requestTimeout = 0;
  const port = await listen(server, options.port);
  try {
    return serve(server, port, options);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** From here to the listener nothing waits, so that no request goes unanswered. */
function serve(server: http.Server, port: number, options: LocalOptions): LocalService {
  const { dir, log = () => undefined } = options;
  const logFolder = path.join(dir, 'logs');
  const workFolder = path.join(dir, 'work');
  // What a run that was killed left behind.
  rmSync(workFolder, { recursive: true, force: true });
  const url = `http://127.0.0.1:${port}`;
  const objectFolder = path.join(dir, 's3');
  const store = openFolderStore(objectFolder);
  const uploads = openMultipartUploads(objectFolder, store);

  const s3 = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: OWN_CREDENTIALS });
  const environment: Record<string, string> = options.engine === undefined ? {} : { TWINVEC_ENGINE: options.engine };
  const host = createModelHost({ s3, workFolder, environment });
  const state = openState(path.join(dir, 'state'), log);
  const models = createModels(state, s3);
  const configs = createEndpointConfigs(state, models);
  const clock = createDeploymentClock(options.deploymentSpeed ?? 1);
  const endpoints = createEndpoints({ state, models, configs, host, logFolder, log, clock });
  const jobs = createTransformJobs({
    state,
    models,
    host,
    store,
    logFolder,
    journalFolder: path.join(dir, 'state', 'transform-progress'),
    sliceEnd: options.sliceEnd,
    log,
  });
  const training = createTrainingJobs({ state, s3, logFolder, workFolder, environment, log });
  const logs = createLogOperations(logFolder);
  const tags = createTags(state);
  const groups: readonly Operations[] = [models, configs, endpoints, jobs, training, tags, logs];
  const controlPlane = createControlPlane(groups);
  const runtime = createRuntime({
    endpoints,
    s3,
    dir,
    timeoutMs: options.invocationTimeoutMs ?? LIMITS.realTimeSeconds.value * 1000,
    seed: options.seed ?? randomInt(MOST_SEEDS),
    log,
  });

  const handlers: Readonly<Record<RequestKind, RequestListener>> = {
    control: controlPlane,
    runtime: runtime.handle,
    identity: handleIdentity,
    page: createStatusPage(() => ({ url, dir, overviews: groups.flatMap((group) => group.overview?.() ?? []) })),
    s3: createS3(store, uploads),
  };
  const listener: RequestListener = (request, response) => {
    const kind = kindOf(request);
    logRequest(kind, request, response, log);
    void handlers[kind](request, response);
  };
  server.on('request', listener);
  for (const group of groups) group.resume?.();
  runtime.resume();

  return {
    url,
    port,
    async close() {
      await runtime.close();
      await Promise.all(groups.map((group) => group.close?.()));
      s3.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      store.close();
    },
  };
}

async function listen(server: http.Server, wanted: number): Promise<number> {
  server.listen(wanted, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw cause;
    throw new TwinvecError('InvalidConfiguration', `Port ${wanted} cannot be used (${code}). Choose another one.`, {
      cause,
    });
  }
  return (server.address() as AddressInfo).port;
}
