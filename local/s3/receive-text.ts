/** The XML body of a request, decoded from `aws-chunked` where it came so. */
import type { IncomingMessage } from 'node:http';
import { readBody } from '../read-body.ts';
import { createChunkDecoder } from './aws-chunked.ts';
import { isAwsChunked } from './upload-body.ts';

/** 10,000 parts or 1,000 keys to delete need less. */
const LARGEST_BYTES = 8 * 1024 * 1024;

export async function receiveText(request: IncomingMessage): Promise<string> {
  const body = await readBody(request, LARGEST_BYTES);
  const content = isAwsChunked(request.headers) ? Buffer.concat(createChunkDecoder().decode(body)) : body;
  return content.toString('utf8');
}
