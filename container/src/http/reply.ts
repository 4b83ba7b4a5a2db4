/**
 * The only place that writes responses: success, refusal, and refusal before a body has been read. Foreign values never
 * reach a header unchecked, and every refusal has the one JSON shape.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERRORS, TwinvecError, toErrorBody } from '#core/errors.ts';

/** Spec faults section 2: an error body is at most 1 KiB. */
const MAX_ERROR_BYTES = 1024;
/** Seconds; the Lambda in front adds jitter. */
const RETRY_AFTER = '1';
/** How long, and how much, a refused upload is read on so that its client can read the refusal. */
const LINGER_MS = 1000;
const LINGER_BYTES = 16 * 1_048_576;

type HeaderList = readonly string[];

/** How a refusal looks on a route that is not ours to shape. */
export interface ErrorForm {
  status(error: TwinvecError): number;
  body(error: TwinvecError): unknown;
}

export function sendEmpty(res: ServerResponse, status: number): void {
  res.writeHead(status, ['Content-Length', '0']);
  res.end();
}

export function sendJson(res: ServerResponse, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)]);
  res.end(body);
}

export function sendBytes(res: ServerResponse, contentType: string, body: Uint8Array, extra: HeaderList): void {
  res.writeHead(200, ['Content-Type', contentType, 'Content-Length', String(body.byteLength), ...extra]);
  res.end(body);
}

/** Answers with the error; with `Connection: close` when `closing`. */
export function sendError(
  res: ServerResponse,
  error: TwinvecError,
  requestId: string,
  closing = false,
  form?: ErrorForm,
): void {
  const body = errorBytes(error, requestId, form);
  res.writeHead(form?.status(error) ?? error.status, errorHeaders(error, body, closing));
  res.end(body);
}

/**
 * Refuses a request whose body is still arriving. The connection closes after the client had a moment to read the
 * answer: closing at once would reset it under an upload, and the client would see only that.
 */
export function refuseUpload(
  req: IncomingMessage,
  res: ServerResponse,
  error: TwinvecError,
  requestId: string,
  form?: ErrorForm,
): void {
  const body = errorBytes(error, requestId, form);
  res.writeHead(form?.status(error) ?? error.status, errorHeaders(error, body, true));
  res.write(body);
  let lingered = 0;
  const finish = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, LINGER_MS).unref();
  req.on('data', (chunk: Buffer) => {
    lingered += chunk.length;
    if (lingered > LINGER_BYTES) finish();
  });
  req.once('end', finish);
  req.once('close', finish);
  req.resume();
}

/** For a socket whose request never became one: the refusal as raw bytes. */
export function rawErrorResponse(statusLine: string, error: TwinvecError): string {
  const body = errorBytes(error, undefined).toString();
  return [
    `HTTP/1.1 ${statusLine}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function errorHeaders(error: TwinvecError, body: Buffer, closing: boolean): string[] {
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  if (ERRORS[error.code].status === 503) headers.push('Retry-After', RETRY_AFTER);
  if (closing) headers.push('Connection', 'close');
  return headers;
}

function errorBytes(error: TwinvecError, requestId: string | undefined, form?: ErrorForm): Buffer {
  const body = form ? form.body(error) : toErrorBody(error, requestId);
  const bytes = Buffer.from(JSON.stringify(body));
  if (bytes.length <= MAX_ERROR_BYTES) return bytes;
  // Escapes can make a message several times longer; a quarter of the limit always fits.
  const message = `${error.message.slice(0, MAX_ERROR_BYTES / 8)}...`;
  return errorBytes(
    new TwinvecError(error.code, message, error.record === undefined ? {} : { record: error.record }),
    requestId,
    form,
  );
}
