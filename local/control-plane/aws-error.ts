/**
 * Refusals in the shapes of AWS's protocols: `{"__type","message"}` for the control plane (AWS JSON 1.1), a
 * `{"Message"}` body with the type in a header for the runtime (REST JSON).
 */
import type { ServerResponse } from 'node:http';
import { toTwinvecError } from '#core/errors.ts';

export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: string;
  readonly status: number;
  /** Further members of the error, such as ModelError's OriginalStatusCode. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.type = type;
    this.status = status;
    this.members = members;
  }
}

/** SageMaker answers most refusals, unknown names included, with this type. */
export function validationException(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function toAwsError(thrown: unknown): AwsError {
  if (thrown instanceof AwsError) return thrown;
  const { code, status } = toTwinvecError(thrown);
  if (code === 'MalformedBody') return new AwsError('SerializationException', causeOf(thrown));
  if (status < 500) return validationException(causeOf(thrown));
  return new AwsError('InternalFailure', causeOf(thrown), 500);
}

/** What happened, in full: whoever reads it runs the service on their own machine. */
export function causeOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function sendControlPlaneError(response: ServerResponse, error: AwsError): void {
  sendJson(response, error.status, 'application/x-amz-json-1.1', {
    __type: error.type,
    message: error.message,
    ...error.members,
  });
}

export function sendRuntimeError(response: ServerResponse, error: AwsError): void {
  response.setHeader('x-amzn-errortype', error.type);
  sendJson(response, error.status, 'application/json', { Message: error.message, ...error.members });
}

export function sendJson(response: ServerResponse, status: number, contentType: string, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  response.end(body);
}
