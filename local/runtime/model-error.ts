/** ModelError, 424: how the service reports whatever a container did other than answer well. */
import { LIMITS } from '#core/limits.ts';
import { AwsError } from '../control-plane/aws-error.ts';
import { LOCAL_ACCOUNT } from '../control-plane/caller.ts';
import { ENDPOINT_LOGS } from '../logs/log-groups.ts';

/** What happened at a container, before it is known whose request it was. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';
  /** The container's; 0 is the service's way to say that there was no answer. */
  readonly status: number;
  /** The container's own words. */
  readonly said: string;

  private constructor(status: number, said: string, message: string) {
    super(message);
    this.status = status;
    this.said = said;
  }

  static answered(hostname: string, status: number, body: Buffer): ModelFailure {
    const said = body.toString('utf8', 0, LIMITS.errorMessage.value);
    return new ModelFailure(
      status,
      said,
      `Received ${sideOf(status)} error (${status}) from ${hostname} with message "${said}"`,
    );
  }

  static silent(hostname: string, why: string): ModelFailure {
    return new ModelFailure(0, why, `Received server error (0) from ${hostname} with message "${why}"`);
  }

  static timedOut(hostname: string): ModelFailure {
    const why = `Your invocation timed out while waiting for a response from container ${hostname}. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.`;
    return ModelFailure.silent(hostname, why);
  }

  static tooLong(hostname: string, status: number, why: string): ModelFailure {
    const text = `Received ${sideOf(status)} error (${status}) from ${hostname} and could not load the entire response body: ${why}`;
    return new ModelFailure(status, why, text);
  }

  /** A pipeline's hop that is too large for the next container. */
  static hopTooLarge(from: string, to: string, bytes: number): ModelFailure {
    const text = `Received response from ${from} with status code 200. However, the request payload from ${from} to ${to} is ${bytes} bytes, which has exceeded the maximum limit of 5 MB.`;
    return new ModelFailure(500, text, text);
  }
}

function sideOf(status: number): 'client' | 'server' {
  return status >= 400 && status < 500 ? 'client' : 'server';
}

export function modelError(endpointName: string, region: string, { message, status, said }: ModelFailure): AwsError {
  const group = `${ENDPOINT_LOGS}/${endpointName}`;
  const text = `${message}. See logs${group} in the folder of the local service for more information.`;
  return new AwsError('ModelError', text.slice(0, LIMITS.errorMessage.value), 424, {
    OriginalStatusCode: status,
    OriginalMessage: said,
    LogStreamArn: `arn:aws:logs:${region}:${LOCAL_ACCOUNT}:log-group:${group}`,
  });
}
