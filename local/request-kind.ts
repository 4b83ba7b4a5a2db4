/** One port for several AWS services: which of them a request is for, by the shape of its protocol. */
import type { IncomingMessage } from 'node:http';

/** `control` is AWS JSON, `runtime` SageMaker's runtime, `identity` STS; everything else is S3. */
export type RequestKind = 'control' | 'runtime' | 'identity' | 's3';

const RUNTIME_PATH = /^\/endpoints\/[^/]+\/(?:async-)?invocations/;
const FORM = 'application/x-www-form-urlencoded';

export function kindOf(request: IncomingMessage): RequestKind {
  const { method, url = '', headers } = request;
  // A bucket may be called "endpoints": who signs for S3 means S3.
  if (method !== 'POST' || signedService(headers.authorization) === 's3') return 's3';
  if (headers['x-amz-target'] !== undefined) return 'control';
  if (RUNTIME_PATH.test(url)) return 'runtime';
  return url === '/' && (headers['content-type'] ?? '').startsWith(FORM) ? 'identity' : 's3';
}

/** From `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
export function signedService(authorization: string | undefined): string | undefined {
  return /Credential=[^/]*\/[^/]*\/[^/]*\/([^/]*)\/aws4_request/.exec(authorization ?? '')?.[1];
}
