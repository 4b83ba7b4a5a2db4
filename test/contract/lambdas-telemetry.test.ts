/**
 * What the deployed functions tell of themselves while they work: logs, metrics and traces, and that none of it holds a
 * payload, a token id or an answer (spec faults R18). They run as the bundles that CDK makes, in processes with Lambda's
 * environment, against a local SageMaker.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFunction } from '../fixtures/lambda/start-function.ts';
import { bundleFunctions } from '../infra/bundle-functions.ts';
import { apiEvent } from '../unit/lambdas/api-event.ts';
import { type LambdaService, startLambdaService } from './lambda-service.ts';

/** Words and ids that occur nowhere else. */
const CANARY = /canary|1234567|7654321/;
const GOOD = '{"in0":[1,2],"in1":[3]}';
const BAD = '{"in0":[1234567],"in1":[7654321],"canary-field":1}';
const DEFINITION = {
  name: 'told',
  modelName: 'pairs',
  inputS3Uri: 's3://input/told/',
  outputS3Uri: 's3://output/told',
  instanceType: 'ml.g5.xlarge',
  inputs: { in0: { vocabularySize: 7 }, in1: { vocabularySize: 7 } },
};
const { name: _, modelName: __, outputS3Uri: ___, instanceType: ____, ...VALIDATION } = DEFINITION;
const headers = { 'content-type': 'application/json', 'x-request-id': 'r-1' };

const EVENTS: Readonly<Record<string, readonly object[]>> = {
  router: [
    apiEvent({ headers, body: `{"instances":[${GOOD}]}` }),
    apiEvent({ headers, body: `{"instances":[${BAD}]}` }),
    apiEvent({ headers, body: '{"instances":[{"in0":[1234567]}]}' }),
    apiEvent({ headers, body: 'canary {' }),
    apiEvent({ method: 'GET', path: '/health' }),
  ],
  validator: [
    VALIDATION,
    { ...VALIDATION, action: 'plan' },
    { ...VALIDATION, canary: 1234567 },
    { ...VALIDATION, inputS3Uri: 's3://no-such-bucket/canary/' },
  ],
  orchestrator: [
    { definition: DEFINITION, scheduledTime: '2026-11-21T03:00:00Z', action: 'plan' },
    { definition: DEFINITION, scheduledTime: '2026-11-21T03:00:00Z', action: 'create' },
    { definition: DEFINITION, scheduledTime: '2026-11-21T03:00:00Z', action: 'observe' },
    { definition: DEFINITION, scheduledTime: 'canary', action: 'plan' },
  ],
};

let local: LambdaService;
const told = new Map<string, { readonly log: string; readonly traces: string }>();

beforeAll(async () => {
  local = await startLambdaService({});
  await local.createEndpoint('pairs');
  await local.put('input', 'told/a.jsonl', `${GOOD}\n${BAD}\ncanary\n`);
  const bundles = bundleFunctions();
  const { POWERTOOLS_LOG_LEVEL, POWERTOOLS_METRICS_DISABLED, ...environment } = process.env;
  for (const [name, events] of Object.entries(EVENTS)) {
    const running = await startFunction(name, bundles[name]!, {
      ...environment,
      ENDPOINT_NAME: 'pairs',
    });
    for (const event of events) await running.invoke(event);
    told.set(name, await running.stop());
  }
});

afterAll(() => local.close());

function metricLines(name: string): Record<string, unknown>[] {
  return told
    .get(name)!
    .log.split('\n')
    .filter((line) => line.includes('CloudWatchMetrics'))
    .map((line) => JSON.parse(line));
}

describe.each(Object.keys(EVENTS))('the %s', (name) => {
  it('R18 logs every event as a line of JSON, without a payload, an id or an answer', () => {
    const lines = told.get(name)!.log.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level)).toHaveLength(EVENTS[name]!.length);
    expect(told.get(name)!.log).not.toMatch(CANARY);
  });

  it('writes metrics in the form that CloudWatch reads from a log', () => {
    const lines = metricLines(name);
    expect(lines).toHaveLength(EVENTS[name]!.length);
    for (const line of lines) {
      expect(line).toMatchObject({ service: name, _aws: { CloudWatchMetrics: [{ Namespace: 'Twinvec' }] } });
      expect(line.Milliseconds).toBeTypeOf('number');
    }
  });

  it('R18 traces every event below Lambda’s own segment, without a payload, an id or an answer', () => {
    const { traces } = told.get(name)!;
    expect(traces).toContain('"trace_id":"1-5759e988-bd862e3fe1be46a994272793"');
    expect(traces).not.toMatch(CANARY);
  });
});

describe('together', () => {
  it('they count what was asked, checked and refused', () => {
    const sumOf = (name: string, metric: string) =>
      metricLines(name).reduce((sum, line) => sum + Number(line[metric] ?? 0), 0);
    expect(['Answered', 'Refused', 'Failed'].map((metric) => sumOf('router', metric))).toEqual([2, 3, 0]);
    expect(['Done', 'Failed', 'Records', 'BadRecords'].map((metric) => sumOf('validator', metric))).toEqual([
      2, 2, 3, 2,
    ]);
    expect(['Done', 'Failed'].map((metric) => sumOf('orchestrator', metric))).toEqual([3, 1]);
  });

  it('they trace the calls that they wait for', () => {
    expect(told.get('router')!.traces).toMatch(/"name":"## InvokeEndpoint"/);
    expect(told.get('orchestrator')!.traces).toMatch(/"name":"SageMaker".*"operation":"CreateTransformJob"/s);
    expect(told.get('validator')!.traces).toMatch(/"name":"## validate"/);
  });
});
