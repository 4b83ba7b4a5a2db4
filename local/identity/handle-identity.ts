/** STS GetCallerIdentity, by which scripts learn the account and see that their settings work. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LOCAL_ACCOUNT } from '../control-plane/caller.ts';
import { readBody } from '../read-body.ts';
import { writeXml } from '../s3/xml.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const LARGEST_BODY_BYTES = 64 * 1024;

export async function handleIdentity(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, LARGEST_BODY_BYTES).catch(() => Buffer.alloc(0));
  const action = new URLSearchParams(body.toString('utf8')).get('Action');
  if (action === 'GetCallerIdentity') send(response, 200, identity());
  else send(response, 400, unknown(action));
}

function identity(): string {
  const GetCallerIdentityResult = {
    Arn: `arn:aws:iam::${LOCAL_ACCOUNT}:user/local`,
    UserId: 'local',
    Account: LOCAL_ACCOUNT,
  };
  return writeXml(
    'GetCallerIdentityResponse',
    { GetCallerIdentityResult, ResponseMetadata: { RequestId: '0' } },
    NAMESPACE,
  );
}

function unknown(action: string | null): string {
  const Message = `The local service answers GetCallerIdentity only, not ${action}.`;
  return writeXml('ErrorResponse', { Error: { Type: 'Sender', Code: 'InvalidAction', Message } }, NAMESPACE);
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': body.length }).end(body);
}
