/** AWS JSON 1.1: the operation is named in X-Amz-Target, arguments and result are JSON bodies. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../read-body.ts';
import { AwsError, sendControlPlaneError, sendJson, toAwsError } from './aws-error.ts';
import { regionOf } from './caller.ts';
import type { Operation, Operations } from './operations.ts';

const SAGEMAKER = 'SageMaker';
const CONTENT_TYPE = 'application/x-amz-json-1.1';
/** Far above any request of this API. */
const MAX_BODY_BYTES = 1024 * 1024;

export type ControlPlane = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createControlPlane(groups: readonly Operations[]): ControlPlane {
  const operations = new Map<string, Operation>(
    groups.flatMap(({ service = SAGEMAKER, operations }) =>
      Object.entries(operations).map(([name, operation]) => [`${service}.${name}`, operation]),
    ),
  );
  return async (request, response) => {
    response.setHeader('x-amzn-requestid', randomUUID());
    try {
      const operation = operationOf(operations, request.headers['x-amz-target']);
      const body = parseJson(await readBody(request, MAX_BODY_BYTES));
      const result = await operation(body, { region: regionOf(request) });
      if (result === undefined) response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': 0 }).end();
      else sendJson(response, 200, CONTENT_TYPE, result);
    } catch (thrown) {
      sendControlPlaneError(response, toAwsError(thrown));
    }
  };
}

function operationOf(operations: ReadonlyMap<string, Operation>, target: string | string[] | undefined): Operation {
  const operation = operations.get(String(target));
  if (operation) return operation;
  const names = [...operations.keys()].map((known) => known.replace(`${SAGEMAKER}.`, ''));
  const known = names.sort().join(', ');
  throw new AwsError('UnknownOperationException', `${target} is not one of the local service's operations: ${known}.`);
}

function parseJson(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 'The body is not JSON.');
  }
}
