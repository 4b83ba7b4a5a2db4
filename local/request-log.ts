/** One line for each request that someone else sends: what was asked for, the answer's status, how long it took. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestKind } from './request-kind.ts';

/** The service's own requests to its S3 carry these and are not shown: a batch of many objects sends many. */
export const OWN_CREDENTIALS = { accessKeyId: 'local-service', secretAccessKey: 'local' } as const;

const SHOWN_PATH = 200;

export function logRequest(
  kind: RequestKind,
  request: IncomingMessage,
  response: ServerResponse,
  log: (line: string) => void,
): void {
  // The page asks for itself again and again.
  if (kind === 'page') return;
  if (request.headers.authorization?.includes(`Credential=${OWN_CREDENTIALS.accessKeyId}/`)) return;
  const startedAt = performance.now();
  response.once('close', () => {
    const outcome = response.writableFinished ? String(response.statusCode) : 'connection closed by the client';
    log(`${nameOf(kind, request)}  ${outcome}  ${Math.round(performance.now() - startedAt)} ms`);
  });
}

function nameOf(kind: RequestKind, { method, url = '', headers }: IncomingMessage): string {
  if (kind === 'control') return String(headers['x-amz-target']);
  if (kind === 'identity') return 'STS';
  const path = url.split('?', 1)[0]!.slice(0, SHOWN_PATH);
  return `${kind === 's3' ? 'S3 ' : ''}${method} ${path}`;
}
