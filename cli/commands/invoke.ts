/**
 * `twinvec invoke`: sends one request to a server or an endpoint and prints the answer.
 */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import {
  InvokeEndpointCommand,
  SageMakerRuntimeClient,
  SageMakerRuntimeServiceException,
} from '@aws-sdk/client-sagemaker-runtime';
import { Command } from 'commander';
import { TwinvecError } from '#core/errors.ts';

interface InvokeOptions {
  readonly endpoint?: string;
  readonly url: string;
  readonly contentType: string;
  readonly accept?: string;
  readonly attributes?: string;
}

const EXAMPLES = `
Examples:
  $ twinvec invoke '{"instances":[{"in0":[6,17,606],"in1":[16,21,13]}]}'
  $ twinvec invoke @request.jsonl --content-type application/jsonlines
  $ echo '{"instances":[{"in0":[774,14,21]}]}' | twinvec invoke -
  $ twinvec invoke '{"instances":[{"in0":[774,14,21]}]}' --attributes neighbours=10    (after twinvec index)
  $ AWS_ENDPOINT_URL=http://127.0.0.1:8090 twinvec invoke --endpoint demo @request.json
`;

export function invokeCommand(): Command {
  return new Command('invoke')
    .description('Send a request to a running server (--url) or to a SageMaker endpoint (--endpoint).')
    .argument('<body>', 'the request: JSON text, @FILE, or - for standard input')
    .option('--endpoint <name>', 'endpoint name; AWS_ENDPOINT_URL points the AWS client at `twinvec local`')
    .option('--url <url>', 'address of a server started by `twinvec serve`', 'http://127.0.0.1:8080')
    .option('--content-type <type>', 'media type of the body', 'application/json')
    .option('--accept <type>', 'media type of the answer; by default that of the body')
    .option('--attributes <text>', 'CustomAttributes of the request, such as neighbours=10')
    .addHelpText('after', EXAMPLES)
    .action(async (body: string, options: InvokeOptions) => {
      const bytes = await readBody(body);
      const answer = options.endpoint
        ? await invokeEndpoint(options.endpoint, bytes, options)
        : await post(bytes, options);
      process.stdout.write(answer.endsWith('\n') ? answer : `${answer}\n`);
    });
}

async function readBody(argument: string): Promise<Uint8Array> {
  if (argument === '-') return buffer(process.stdin);
  if (!argument.startsWith('@')) return Buffer.from(argument);
  return readFile(argument.slice(1)).catch((cause: unknown) => {
    throw new TwinvecError('NotFound', `There is no readable file ${argument.slice(1)}.`, { cause });
  });
}

async function post(body: Uint8Array, options: InvokeOptions): Promise<string> {
  const headers = {
    'content-type': options.contentType,
    ...(options.accept ? { accept: options.accept } : {}),
    ...(options.attributes ? { 'x-amzn-sagemaker-custom-attributes': options.attributes } : {}),
  };
  const response = await fetch(new URL('/invocations', options.url), {
    method: 'POST',
    headers,
    body: Buffer.from(body),
  }).catch((cause: unknown) => {
    throw new TwinvecError('NotFound', `Nothing answers at ${options.url}. Start it with: twinvec serve --model DIR`, {
      cause,
    });
  });
  if (!response.ok) process.exitCode = 1;
  return response.text();
}

async function invokeEndpoint(endpoint: string, body: Uint8Array, options: InvokeOptions): Promise<string> {
  const client = new SageMakerRuntimeClient({});
  try {
    const { Body } = await client.send(
      new InvokeEndpointCommand({
        EndpointName: endpoint,
        Body: body,
        ContentType: options.contentType,
        ...(options.accept ? { Accept: options.accept } : {}),
        ...(options.attributes ? { CustomAttributes: options.attributes } : {}),
      }),
    );
    return Body.transformToString();
  } catch (thrown) {
    if (!(thrown instanceof SageMakerRuntimeServiceException)) throw thrown;
    process.exitCode = 1;
    return `${thrown.name}: ${thrown.message}`;
  }
}
