/**
 * The API as one of API Gateway's REST APIs: dearer than HTTP, but a firewall can stand before it. Signed requests only.
 * Every body travels as base64, as does every answer that is not text, so that tensors come through whole.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  type CfnMethod,
  type CorsOptions,
  EndpointType,
  type IAccessLogDestination,
  type IResource,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ACCESS_LOG_FIELDS } from './access-logs.ts';
import { API_ROUTES, type ApiParts, CORS } from './api-parts.ts';
import { WebFirewall } from './web-firewall.ts';

/** Part of every address. */
const STAGE = 'v1';

/** @returns Its address, with the stage */
export function addRestInference(scope: Construct, parts: ApiParts): string {
  const { api, router } = parts;
  const restApi = createApi(scope, parts);
  const requestValidator = restApi.addRequestValidator('Validator', {
    validateRequestBody: true,
    validateRequestParameters: true,
  });
  const integration = new LambdaIntegration(router, { allowTestInvoke: false });
  for (const { method, path } of API_ROUTES) {
    const options = { authorizationType: AuthorizationType.IAM, requestValidator };
    restApi.root.resourceForPath(path).addMethod(method, integration, options);
  }
  if (api.cors) allowPages(restApi, api.cors.origins);
  keepExecutionLogs(scope, restApi, parts);
  if (api.waf) {
    new WebFirewall(scope, 'Firewall', {
      stageArn: restApi.deploymentStage.stageArn,
      requestsPerAddress: api.waf.requestsPerAddress,
      surroundings: parts.surroundings,
    });
  }
  return restApi.urlForPath('/').replace(/\/$/, '');
}

function createApi(scope: Construct, { api, logs }: ApiParts): RestApi {
  return new RestApi(scope, 'Rest', {
    description: 'Twinvec inference',
    endpointTypes: [EndpointType.REGIONAL],
    binaryMediaTypes: ['*/*'],
    // The role that API Gateway logs with is a setting of the whole account, and not ours to change (docs/deploy.md).
    cloudWatchRole: false,
    deployOptions: {
      stageName: STAGE,
      throttlingRateLimit: api.requestsPerSecond,
      throttlingBurstLimit: api.burst,
      metricsEnabled: true,
      tracingEnabled: true,
      loggingLevel: MethodLoggingLevel.ERROR,
      // Would write bodies.
      dataTraceEnabled: false,
      accessLogDestination: new LogGroupLogDestination(logs) as IAccessLogDestination,
      accessLogFormat: AccessLogFormat.custom(
        JSON.stringify({ ...ACCESS_LOG_FIELDS, route: '$context.httpMethod $context.resourcePath' }),
      ),
    },
  });
}

/** API Gateway would make this group by itself, without an end and without the key. */
function keepExecutionLogs(scope: Construct, restApi: RestApi, { surroundings }: ApiParts): void {
  const group = new LogGroup(scope, 'ExecutionLogs', {
    logGroupName: `API-Gateway-Execution-Logs_${restApi.restApiId}/${STAGE}`,
    retention: surroundings.logRetentionDays,
    encryptionKey: surroundings.logKey,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  restApi.deploymentStage.node.addDependency(group);
}

/** Preflights are answered here; on the router's own answers the router names the page (CORS_ORIGINS). */
function allowPages(restApi: RestApi, allowOrigins: string[]): void {
  const options: CorsOptions = {
    allowOrigins,
    allowMethods: ['GET', 'POST'],
    allowHeaders: CORS.allowHeaders,
    exposeHeaders: CORS.exposeHeaders,
    maxAge: Duration.hours(CORS.hours),
  };
  for (const path of new Set(API_ROUTES.map((route) => route.path))) {
    const resource: IResource = restApi.root.resourceForPath(path);
    const { defaultChild } = resource.addCorsPreflight(options).node;
    // The template that answers is text, and with every type binary it would be handed bytes.
    (defaultChild as CfnMethod).addPropertyOverride('Integration.ContentHandling', 'CONVERT_TO_TEXT');
  }
  // What API Gateway itself refuses (throttled, not signed) says nothing that a page may not read.
  for (const type of [ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX]) {
    restApi.addGatewayResponse(type.responseType, {
      type,
      responseHeaders: { 'Access-Control-Allow-Origin': "'*'" },
    });
  }
}
