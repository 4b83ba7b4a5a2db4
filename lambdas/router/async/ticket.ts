/**
 * What is kept of an asynchronous request, as an object beside its input: where its answer and its failure will be. The
 * id is random and the only way to the ticket, so that nobody can ask for a request that is not theirs.
 */
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { locate, S3Address } from '#core/jobs/s3-address.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { readSmallObject, type S3Access, writeObject } from '../../commons/s3-objects.ts';

export const Ticket = z.object({
  /** Of the request that made it, for the logs. */
  requestId: z.string(),
  acceptedAt: z.iso.datetime(),
  output: S3Address,
  /** Absent when the endpoint keeps no failures. */
  failure: S3Address.optional(),
  /** What the answer was asked for as. */
  contentType: z.string(),
});

export type Ticket = z.infer<typeof Ticket>;

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LARGEST_TICKET_BYTES = 16_384;

export function inputOf(folder: string, id: string): S3Uri {
  return locate(`${folder}inputs/${id}`);
}

/** @throws TwinvecError AccessDenied, Overloaded */
export async function writeTicket(s3: S3Access, folder: string, id: string, ticket: Ticket): Promise<void> {
  await writeObject(s3, ticketOf(folder, id), JSON.stringify(ticket), 'application/json');
}

/** @throws TwinvecError NotFound for an id that was never given out */
export async function readTicket(s3: S3Access, folder: string, id: string): Promise<Ticket> {
  const text = ID.test(id) ? await readSmallObject(s3, ticketOf(folder, id), LARGEST_TICKET_BYTES) : undefined;
  if (text === undefined) throw new TwinvecError('NotFound', 'There is no request with this id.');
  return Ticket.parse(JSON.parse(text));
}

function ticketOf(folder: string, id: string): S3Uri {
  return locate(`${folder}tickets/${id}.json`);
}
