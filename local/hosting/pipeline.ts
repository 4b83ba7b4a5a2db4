/**
 * A request's way through the containers of a serial pipeline: each gets what the one before it answered, and only the last
 * hears what the caller accepts. Endpoints and transforms differ in how they ask a container, not in this.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestBody } from './send-body.ts';

export interface PipelineRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
}

export interface PipelineAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
}

/**
 * Asks all containers but the last.
 *
 * @param ask gives a good answer of `container` or throws; `next` is the container that will get it
 * @returns the request for the last container
 */
export async function toLastContainer<Container>(
  containers: readonly Container[],
  request: PipelineRequest,
  ask: (container: Container, request: PipelineRequest, next: Container) => Promise<PipelineAnswer>,
): Promise<PipelineRequest> {
  const { accept, 'content-type': _, 'content-length': __, ...forAll } = request.headers;
  const forLast: Record<string, string> = accept === undefined ? {} : { accept };
  let sent = request;
  for (const [at, next] of containers.slice(1).entries()) {
    const { accept: ___, ...headers } = sent.headers;
    const answer = await ask(containers[at]!, { headers, body: sent.body }, next);
    const contentType = answer.headers['content-type'];
    const described: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
    sent = { headers: { ...forAll, ...described, ...forLast }, body: answer.body };
  }
  return sent;
}
