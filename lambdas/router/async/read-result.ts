/** `GET /invocations/{id}`: where an asynchronous request stands, found out by looking for its answer and its failure. */
import { TwinvecError } from '#core/errors.ts';
import { locate } from '#core/jobs/s3-address.ts';
import { LIMITS } from '#core/limits.ts';
import { presignedUrl } from '../../commons/presign.ts';
import { findObject, type ListedObject, readBytes, readSmallObject, type S3Access } from '../../commons/s3-objects.ts';
import { readFailureText } from '../model-failure.ts';
import { readTicket, type Ticket } from './ticket.ts';

export type AsyncResult =
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly body: Uint8Array; readonly contentType: string }
  /** Too large for this API to carry. */
  | { readonly state: 'elsewhere'; readonly url: string; readonly bytes: number };

/** Lambda carries 6 MiB after base64, which adds a third, and JSON's escapes, which text has few of. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;
const LARGEST_FAILURE_BYTES = 65_536;
export const LINK_SECONDS = 300;
/** RequestTTLSeconds and InvocationTimeoutSeconds (3600) at their largest, and then some: nothing comes after that. */
const OVERDUE_MS = (LIMITS.asyncRequestSeconds.value + 3_600 + 600) * 1000;

/** @throws TwinvecError NotFound for an unknown id; the model's own refusal when the request failed */
export async function readResult(s3: S3Access, folder: string, id: string, nowMs = Date.now()): Promise<AsyncResult> {
  const ticket = await readTicket(s3, folder, id);
  const answer = await findObject(s3, locate(ticket.output));
  if (answer) return deliver(s3, ticket, answer);
  const failure = ticket.failure && (await readSmallObject(s3, locate(ticket.failure), LARGEST_FAILURE_BYTES));
  if (failure !== undefined) throw readFailureText(failure);
  if (nowMs - Date.parse(ticket.acceptedAt) > OVERDUE_MS) {
    throw new TwinvecError('DeadlineExceeded', 'The request waited for longer than it is kept. Send it again.');
  }
  return { state: 'pending' };
}

async function deliver(s3: S3Access, { contentType }: Ticket, answer: ListedObject): Promise<AsyncResult> {
  if (answer.bytes > LARGEST_ANSWER_BYTES) {
    return { state: 'elsewhere', url: await presignedUrl(s3.client, answer, LINK_SECONDS), bytes: answer.bytes };
  }
  return { state: 'done', body: await readBytes(s3, answer), contentType };
}
