/**
 * The API in front of the router, of either kind that API Gateway has: signed requests unless tokens are asked for;
 * throttled, with access logs that hold no bodies.
 */
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Api } from '../environments/api-fields.ts';
import { AccessLogs } from './access-logs.ts';
import { addHttpInference } from './http-inference.ts';
import { addRestInference } from './rest-inference.ts';
import type { FunctionSurroundings } from './service-function.ts';

export interface InferenceApiProps {
  /** Answers every route. */
  readonly router: IFunction;
  /** Of which kind, who may call, how often, from which pages. */
  readonly api: Api;
  readonly surroundings: FunctionSurroundings;
}

export class InferenceApi extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { router, api, surroundings }: InferenceApiProps) {
    super(scope, id);
    const parts = { router, api, surroundings, logs: new AccessLogs(this, 'AccessLogs', surroundings).group };
    this.url = api.kind === 'rest' ? addRestInference(this, parts) : addHttpInference(this, parts);
  }
}
