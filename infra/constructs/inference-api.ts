/**
 * The HTTP API in front of the router: signed requests, or those with a token of one's own identity provider; throttled,
 * with access logs that hold no bodies.
 */
import { Duration } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Api } from '../environments/api-fields.ts';
import { ACCESS_LOG_FIELDS, AccessLogs } from './access-logs.ts';
import { API_ROUTES } from './api-routes.ts';
import type { FunctionSurroundings } from './service-function.ts';

export interface InferenceApiProps {
  readonly router: IFunction;
  readonly api: Api;
  readonly surroundings: FunctionSurroundings;
}

export class InferenceApi extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { router, api, surroundings }: InferenceApiProps) {
    super(scope, id);
    const httpApi = new HttpApi(this, 'Api', {
      description: 'Twinvec inference',
      createDefaultStage: false,
      defaultAuthorizer: authorizer(api),
      ...(api.jwt && api.jwt.scopes.length > 0 ? { defaultAuthorizationScopes: api.jwt.scopes } : {}),
      ...(api.cors ? { corsPreflight: preflight(api.cors.origins) } : {}),
    });
    const integration = new HttpLambdaIntegration('Router', router);
    for (const { method, path } of API_ROUTES) httpApi.addRoutes({ path, methods: [HttpMethod[method]], integration });
    const logs = new AccessLogs(this, 'AccessLogs', surroundings);
    new HttpStage(this, 'Stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: api.requestsPerSecond, burstLimit: api.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logs.group),
        format: AccessLogFormat.custom(JSON.stringify({ ...ACCESS_LOG_FIELDS, route: '$context.routeKey' })),
      },
    });
    this.url = httpApi.apiEndpoint;
  }
}

function authorizer({ jwt }: Api): IHttpRouteAuthorizer {
  if (!jwt) return new HttpIamAuthorizer();
  return new HttpJwtAuthorizer('Tokens', jwt.issuer, { jwtAudience: jwt.audience });
}

/** Named pages, and the headers that the router reads; no cookies, so no credentials. */
function preflight(origins: string[]): CorsPreflightOptions {
  return {
    allowOrigins: origins,
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
    allowHeaders: [
      'accept',
      'authorization',
      'content-type',
      'prefer',
      'x-amz-date',
      'x-amz-security-token',
      'x-request-id',
    ],
    exposeHeaders: ['location', 'retry-after', 'x-request-id'],
    maxAge: Duration.hours(1),
  };
}
