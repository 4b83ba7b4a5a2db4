/** The API, of both kinds: what it lets through, from whom, and what stands before it. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '#core/limits.ts';
import { CORS } from '../../infra/constructs/api-parts.ts';
import { findEnvironment } from '../../infra/environments/all.ts';
import { parseEnvironment } from '../../infra/environments/schema.ts';
import { EXPOSED_HEADERS } from '../../lambdas/router/pages.ts';
import { ROUTES } from '../../lambdas/router/routes.ts';
import { plain, resourcesOf, synthesise } from './synthesise.ts';
import { asynchronous, guarded, VARIANTS } from './variants.ts';

type Template = ReturnType<typeof synthesise>;
const dev = findEnvironment('dev');
const EXPECTED = Object.values(ROUTES)
  .map(({ method, path }) => `${method} ${path}`)
  .sort();

/** Methods of a REST API by their whole path. */
function methodsOf(template: Template) {
  const parts = new Map(
    resourcesOf(template, 'AWS::ApiGateway::Resource').map(({ id, properties }) => [id, properties]),
  );
  const pathOf = (id: string): string => {
    const part = parts.get(id);
    return part ? `${pathOf(part.ParentId.Ref ?? '')}/${part.PathPart}` : '';
  };
  return resourcesOf(template, 'AWS::ApiGateway::Method').map(({ properties }) => ({
    route: `${properties.HttpMethod} ${pathOf(properties.ResourceId.Ref)}`,
    properties,
  }));
}

describe.each(Object.entries(VARIANTS))('the API of the %s deployment', (_, load) => {
  const environment = load();
  const { api } = environment;
  const template = synthesise(environment);

  it('signs, or takes tokens, on every route, and has exactly those of the router', () => {
    if (api.kind === 'http') {
      const routes = resourcesOf(template, 'AWS::ApiGatewayV2::Route');
      expect(routes.map(({ properties }) => properties.RouteKey).sort()).toEqual(EXPECTED);
      for (const { properties } of routes) {
        expect(properties.AuthorizationType).toBe(api.jwt ? 'JWT' : 'AWS_IAM');
        expect(properties.AuthorizationScopes).toEqual(api.jwt?.scopes);
      }
      return;
    }
    const methods = methodsOf(template).filter(({ route }) => !route.startsWith('OPTIONS '));
    expect(methods.map(({ route }) => route).sort()).toEqual(EXPECTED);
    for (const { properties } of methods) expect(properties.AuthorizationType).toBe('AWS_IAM');
  });

  it('is throttled, and logs every call without bodies', () => {
    const stage = resourcesOf(template, `AWS::${api.kind === 'rest' ? 'ApiGateway' : 'ApiGatewayV2'}::Stage`)[0];
    const settings = api.kind === 'rest' ? stage?.properties.MethodSettings[0] : stage?.properties.DefaultRouteSettings;
    expect(settings).toMatchObject({ ThrottlingRateLimit: api.requestsPerSecond, ThrottlingBurstLimit: api.burst });
    const { AccessLogSetting, AccessLogSettings = AccessLogSetting } = stage!.properties;
    const { DestinationArn, Format } = AccessLogSettings;
    expect(plain(DestinationArn)).toMatch(/<InferenceApiAccessLogsGroup(?:\.Arn)?>$/);
    expect(Object.keys(JSON.parse(Format))).toEqual(expect.arrayContaining(['requestId', 'status', 'route']));
    expect(Format).not.toMatch(/body|header/i);
  });

  it('gives up after the router has answered', () => {
    const [router] = resourcesOf(template, 'AWS::Lambda::Function').filter(({ id }) => id.startsWith('Router'));
    expect(router?.properties.Timeout).toBeLessThan(
      (api.kind === 'rest' ? LIMITS.restApiSeconds : LIMITS.httpApiSeconds).value,
    );
  });
});

describe('a REST API', () => {
  const template = synthesise(guarded());
  const [stage] = resourcesOf(template, 'AWS::ApiGateway::Stage');

  it('hands on every body as bytes, which text would not survive', () => {
    expect(resourcesOf(template, 'AWS::ApiGateway::RestApi')[0]?.properties).toMatchObject({
      BinaryMediaTypes: ['*/*'],
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
  });

  it('logs its own errors into a group that ends and is encrypted, and never what was sent', () => {
    expect(stage?.properties.MethodSettings[0]).toMatchObject({ LoggingLevel: 'ERROR', DataTraceEnabled: false });
    const names = resourcesOf(template, 'AWS::Logs::LogGroup').map(({ properties }) => plain(properties.LogGroupName));
    expect(names).toContain('API-Gateway-Execution-Logs_<InferenceApiRest>/v1');
  });

  it('leaves the role that the account logs with to the account', () => {
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
  });

  it('answers preflights of the named pages without the router, as text', () => {
    const preflights = methodsOf(template).filter(({ route }) => route.startsWith('OPTIONS '));
    expect(preflights).toHaveLength(new Set(Object.values(ROUTES).map(({ path }) => path)).size);
    for (const { properties } of preflights) {
      expect(properties.Integration).toMatchObject({ Type: 'MOCK', ContentHandling: 'CONVERT_TO_TEXT' });
      const [{ ResponseParameters, ResponseTemplates }] = properties.Integration.IntegrationResponses;
      const allowed = ResponseParameters['method.response.header.Access-Control-Allow-Origin'];
      expect(allowed).toBe("'https://app.example.com'");
      expect(ResponseTemplates['application/json']).toContain('$origin == "https://beta.example.com"');
    }
    const without = methodsOf(synthesise(asynchronous())).filter(({ route }) => route.startsWith('OPTIONS '));
    expect(without).toEqual([]);
  });

  it('has its router name the same pages and headers on answers', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { CORS_ORIGINS: 'https://app.example.com,https://beta.example.com' } },
    });
    expect(CORS.exposeHeaders.join(',')).toBe(EXPOSED_HEADERS);
  });
});

describe('a firewall', () => {
  const template = synthesise(guarded());
  const [acl] = resourcesOf(template, 'AWS::WAFv2::WebACL');

  it('stands before the stage of the API', () => {
    const [association] = resourcesOf(template, 'AWS::WAFv2::WebACLAssociation');
    expect(plain(association?.properties.WebACLArn)).toBe('<InferenceApiFirewallAcl.Arn>');
    expect(plain(association?.properties.ResourceArn)).toMatch(
      /:apigateway:<AWS::Region>::\/restapis\/<InferenceApiRest>\/stages\/<InferenceApiRestDeploymentStagev1>$/,
    );
    synthesise(asynchronous()).resourceCountIs('AWS::WAFv2::WebACL', 0);
  });

  it('slows one address down, and has no rule that would take a tensor or a text for an attack', () => {
    const rules: { Name: string; Statement: Record<string, Record<string, unknown>> }[] = acl?.properties.Rules;
    expect(rules[0]?.Statement.RateBasedStatement).toMatchObject({ Limit: 500, AggregateKeyType: 'IP' });
    expect(rules.slice(1).map(({ Name }) => Name)).toEqual([
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesKnownBadInputsRuleSet',
    ]);
  });

  it('logs without signatures and without what callers tell the model', () => {
    const [logging] = resourcesOf(template, 'AWS::WAFv2::LoggingConfiguration');
    expect(plain(logging?.properties.LogDestinationConfigs[0])).toMatch(/:log-group:aws-waf-logs-twinvec-dev$/);
    const redacted = logging?.properties.RedactedFields.map(
      ({ SingleHeader }: { SingleHeader: { Name: string } }) => SingleHeader.Name,
    );
    expect(redacted).toEqual(['authorization', 'x-amz-security-token', 'x-amzn-sagemaker-custom-attributes']);
  });
});

describe('an API that API Gateway does not have', () => {
  it.each([
    ['an HTTP API behind a firewall', { waf: {} }, 'api.waf: AWS WAF takes no HTTP API; take kind "rest", or leave'],
    [
      'a REST API with tokens',
      { kind: 'rest' as const, jwt: { issuer: 'https://login.example.com/', audience: ['twinvec'] } },
      'api.jwt: a REST API has no authorizer for tokens of any issuer; take kind "http", or leave jwt out',
    ],
  ])('is refused with what is possible: %s', (_, fields, message) => {
    expect(() => parseEnvironment({ ...dev, api: { ...dev.api, ...fields } })).toThrow(message);
  });
});
