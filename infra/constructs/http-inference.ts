/** The API as one of API Gateway's HTTP APIs: cheaper and sooner than REST, with tokens of one's own identity provider. */
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
import type { Construct } from 'constructs';
import type { Api } from '../environments/api-fields.ts';
import { ACCESS_LOG_FIELDS } from './access-logs.ts';
import { API_ROUTES, type ApiParts, CORS } from './api-parts.ts';

/** @returns Its address */
export function addHttpInference(scope: Construct, { router, api, logs }: ApiParts): string {
  const httpApi = new HttpApi(scope, 'Api', {
    description: 'Twinvec inference',
    createDefaultStage: false,
    defaultAuthorizer: authorizer(api),
    ...(api.jwt && api.jwt.scopes.length > 0 ? { defaultAuthorizationScopes: api.jwt.scopes } : {}),
    ...(api.cors ? { corsPreflight: preflight(api.cors.origins) } : {}),
  });
  const integration = new HttpLambdaIntegration('Router', router);
  for (const { method, path } of API_ROUTES) httpApi.addRoutes({ path, methods: [HttpMethod[method]], integration });
  new HttpStage(scope, 'Stage', {
    httpApi,
    stageName: '$default',
    autoDeploy: true,
    detailedMetricsEnabled: true,
    throttle: { rateLimit: api.requestsPerSecond, burstLimit: api.burst },
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify({ ...ACCESS_LOG_FIELDS, route: '$context.routeKey' })),
    },
  });
  return httpApi.apiEndpoint;
}

function authorizer({ jwt }: Api): IHttpRouteAuthorizer {
  if (!jwt) return new HttpIamAuthorizer();
  return new HttpJwtAuthorizer('Tokens', jwt.issuer, { jwtAudience: jwt.audience });
}

function preflight(allowOrigins: string[]): CorsPreflightOptions {
  return {
    allowOrigins,
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
    allowHeaders: CORS.allowHeaders,
    exposeHeaders: CORS.exposeHeaders,
    maxAge: Duration.hours(CORS.hours),
  };
}
