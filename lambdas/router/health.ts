/** `GET /health`: whether a request sent now would reach a model. */
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { TwinvecError } from '#core/errors.ts';
import { fromAwsFailure } from '#core/sagemaker/aws-failure.ts';
import { sageMakerClient } from '../commons/clients.ts';
import type { RouterEnvironment } from './environment.ts';
import { answerJson } from './response.ts';

/** States in which an endpoint answers: an update or a rollback keeps the old fleet serving. */
const SERVING = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack']);

/** @throws TwinvecError NotReady with the endpoint's state */
export async function health(
  { ENDPOINT_NAME }: RouterEnvironment,
  requestId: string,
): Promise<APIGatewayProxyStructuredResultV2> {
  const status = await readStatus(ENDPOINT_NAME);
  if (!SERVING.has(status)) throw new TwinvecError('NotReady', `The endpoint is ${status}.`);
  return answerJson(200, { status }, requestId);
}

async function readStatus(endpointName: string): Promise<string> {
  try {
    const described = await sageMakerClient().send(new DescribeEndpointCommand({ EndpointName: endpointName }));
    return described.EndpointStatus ?? 'Unknown';
  } catch (thrown) {
    const failure = fromAwsFailure(thrown, 'sagemaker:DescribeEndpoint', endpointName);
    if (failure.code === 'ValidationFailed' || failure.code === 'NotFound') return 'Missing';
    throw failure;
  }
}
