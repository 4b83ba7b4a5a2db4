/**
 * InvokeEndpointAsync: requests are accepted at once, kept on disk, and sent to the endpoint's containers as many at a
 * time as its configuration says.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { LIMITS } from '#core/limits.ts';
import { asyncLocations } from '#core/sagemaker/async-inference.ts';
import { causeOf, sendJson } from '../../control-plane/aws-error.ts';
import { LOCAL_ACCOUNT, regionOf } from '../../control-plane/caller.ts';
import type { Endpoint, Endpoints } from '../../control-plane/endpoints.ts';
import { uriText } from '../../object-store/s3-files.ts';
import { ASYNC_HEADERS, readInvocationBody, readModelRequest, validationError } from '../invocation.ts';
import type { Route, Router } from '../route-request.ts';
import { openAsyncRequestFolder, type QueuedRequest } from './async-requests.ts';
import { createNotices } from './notices.ts';
import { readAsyncRequest } from './read-async-request.ts';
import {
  type AsyncRun,
  expireAsyncRequest,
  makeDefaultBucket,
  modelRequest,
  runAsyncRequest,
} from './run-async-request.ts';
import { WaitingRequests } from './waiting-requests.ts';

export interface AsyncInference {
  handle(endpointName: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Goes on with what an earlier run had accepted. */
  resume(): void;
  /** Leaves what is not done for the next start. */
  close(): Promise<void>;
}

export interface AsyncInferenceOptions {
  readonly router: Router;
  readonly endpoints: Endpoints;
  readonly s3: S3Client;
  /** Of the local service: `state/async-request` and `notices` are below it. */
  readonly dir: string;
  readonly log: (line: string) => void;
}

/** How soon an endpoint is looked at again that cannot answer now. */
const LOOK_AGAIN_MS = 500;

export function createAsyncInference({ router, endpoints, s3, dir, log }: AsyncInferenceOptions): AsyncInference {
  const kept = openAsyncRequestFolder(path.join(dir, 'state', 'async-request'), log);
  const notices = createNotices(path.join(dir, 'notices'), log);
  const stop = new AbortController();
  const run: AsyncRun = { s3, router, notices, log, signal: stop.signal };
  /** By region and endpoint, in the order in which they came. */
  const waiting = new Map<string, WaitingRequests>();
  const running = new Map<string, Set<Promise<void>>>();
  const timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();

  const placeOf = ({ region, endpointName }: Pick<QueuedRequest, 'region' | 'endpointName'>): string =>
    `${region}/${endpointName}`;

  function lineOf(place: string): WaitingRequests {
    const line = waiting.get(place) ?? new WaitingRequests();
    waiting.set(place, line);
    return line;
  }

  const enqueue = (request: QueuedRequest): void => lineOf(placeOf(request)).push(request);

  function lookAgain(place: string, inMs: number): void {
    const at = performance.now() + inMs;
    const planned = timers.get(place);
    if (planned && planned.at <= at) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      timers.delete(place);
      pump(place);
    }, inMs);
    timers.set(place, { timer: timer.unref(), at });
  }

  /** Starts as many as may run, and ends all that have waited too long, wherever in the line they are. */
  function pump(place: string): void {
    if (stop.signal.aborted) return;
    const line = lineOf(place);
    const busy = running.get(place) ?? new Set();
    running.set(place, busy);
    while (line.first) {
      const next = line.first;
      const endpoint = endpoints.find(next.endpointName, next.region);
      if (!endpoint || endpoint.status === 'Deleting' || endpoint.createdAt > next.receivedAt) {
        log(
          `asynchronous request ${next.inferenceId}: endpoint ${next.endpointName} is deleted; the request is dropped`,
        );
        kept.remove(next);
        line.shift();
        continue;
      }
      for (const late of line.takeExpired(Date.now()))
        begin(place, late, () => expireAsyncRequest(run, late, endpoint));
      if (line.first !== next) continue;
      const route = busy.size < mostAtOnce(endpoint) ? routeFor(next) : undefined;
      if (!route) break;
      line.shift();
      begin(place, next, () => runAsyncRequest(run, next, route).finally(() => route.end()));
    }
    // What runs looks again when it ends, which may be long after others have expired.
    const dueMs = line.dueMs - Date.now();
    if (line.first) lookAgain(place, busy.size === 0 ? Math.min(dueMs, LOOK_AGAIN_MS) : dueMs);
  }

  function begin(place: string, request: QueuedRequest, work: () => Promise<void>): void {
    const busy = running.get(place)!;
    const done = finish(request, work).finally(() => {
      busy.delete(done);
      pump(place);
    });
    busy.add(done);
  }

  /** Undefined while no instance answers. */
  function routeFor(request: QueuedRequest): Route | undefined {
    try {
      return router.route(request.endpointName, request.region, modelRequest(request), 'async');
    } catch {
      return undefined;
    }
  }

  async function finish(request: QueuedRequest, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      kept.remove(request);
    } catch (error) {
      if (!stop.signal.aborted) log(`asynchronous request ${request.inferenceId}: ${causeOf(error)}`);
    }
  }

  return {
    async handle(endpointName, request, response) {
      const region = regionOf(request);
      const asked = readModelRequest(request.headers, ASYNC_HEADERS);
      const { inputLocation, filename, pathExtension, ...limits } = readAsyncRequest(request.headers);
      const body = await readInvocationBody(request, LIMITS.asyncInlineBody.value);
      if (inputLocation === undefined && body.length === 0) throw validationError('InputLocation or Body is required.');
      if (inputLocation !== undefined && body.length > 0) {
        throw validationError('InputLocation and Body cannot be given together.');
      }
      const endpoint = router.find(endpointName, region, 'async');
      const inferenceId = asked.inferenceId ?? randomUUID();
      const config = endpoint.deployment.config.AsyncInferenceConfig!;
      const bucket = `sagemaker-${region}-${LOCAL_ACCOUNT}`;
      if (config.OutputConfig.S3OutputPath === undefined) await makeDefaultBucket(s3, bucket);
      const fallback = { bucket, key: `async-endpoint-outputs/${endpointName}/` };
      const { output, failure } = asyncLocations(config, { inferenceId, filename, pathExtension }, fallback);
      const { contentType, accept, customAttributes } = asked;
      const queued = kept.add({
        ...limits,
        endpointName,
        region,
        inferenceId,
        receivedAt: new Date(),
        contentType,
        accept,
        customAttributes,
        inputLocation,
        body: inputLocation === undefined ? body.toString('base64') : undefined,
        output,
        failure,
      });
      enqueue(queued);
      response.setHeader('x-amzn-sagemaker-outputlocation', uriText(output));
      if (failure) response.setHeader('x-amzn-sagemaker-failurelocation', uriText(failure));
      sendJson(response, 202, 'application/json', { InferenceId: inferenceId });
      pump(placeOf(queued));
    },
    resume() {
      kept.left.forEach(enqueue);
      for (const place of waiting.keys()) pump(place);
    },
    async close() {
      stop.abort(new Error('the local service is closing'));
      for (const { timer } of timers.values()) clearTimeout(timer);
      await Promise.all([...running.values()].flatMap((busy) => [...busy]));
    },
  };
}

/** Of all instances that answer together. */
function mostAtOnce({ deployment, variants }: Endpoint): number {
  const each = deployment.config.AsyncInferenceConfig?.ClientConfig?.MaxConcurrentInvocationsPerInstance;
  const instances = variants.flatMap((variant) => variant.instances);
  const healthy = instances.filter((instance) => instance.describeEnd() === undefined);
  return healthy.length * (each ?? LIMITS.asyncConcurrency.value);
}
