/**
 * The states of one batch run, in Amazon States Language with JSONata:
 * plan -> validate -> create -> wait and observe -> reconcile. The functions report; the decisions are here, and each
 * way to fail has a name of its own.
 *
 * Input of an execution: `{"definition": TransformDefinition, "scheduledTime": ISO 8601}`, and `skipWhileRunning`, the
 * start of the names of runs that this one is not to run beside.
 */
import { overlapStates } from './overlap-states.ts';

/** Failures that pass by themselves: our own throttling code, and Lambda's. */
const PASSING = [
  'Overloaded',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];

const RETRY = [
  {
    ErrorEquals: PASSING,
    IntervalSeconds: 5,
    MaxAttempts: 6,
    BackoffRate: 2,
    MaxDelaySeconds: 300,
    JitterStrategy: 'FULL',
  },
];

/** An account at its limit of GPU instances is normal at night: keep the run waiting for hours rather than lose it. */
const RETRY_CREATE = [
  {
    ErrorEquals: PASSING,
    IntervalSeconds: 60,
    MaxAttempts: 24,
    BackoffRate: 2,
    MaxDelaySeconds: 900,
    JitterStrategy: 'FULL',
  },
];

const DAY_SECONDS = 86_400;
const POLL_SECONDS = 60;
const INPUT = '$states.context.Execution.Input';

/** What CloudFormation puts in place of `${Name}` in the definition. */
export interface StateSubstitutions extends Record<string, string> {
  readonly Partition: string;
  readonly ValidatorArn: string;
  readonly OrchestratorArn: string;
}

const placeFor = (name: keyof StateSubstitutions) => `\${${name}}`;

export function transformStates(): Record<string, unknown> {
  return {
    Comment: 'One batch transform, from plan to reconciliation',
    QueryLanguage: 'JSONata',
    TimeoutSeconds: 5 * DAY_SECONDS,
    StartAt: 'Overlap?',
    States: {
      ...overlapStates('Plan'),
      Plan: orchestrate('plan', 'Validate'),
      Validate: {
        ...invoke(placeFor('ValidatorArn'), '{% $states.input.validation %}'),
        Retry: RETRY,
        Next: 'Accepted?',
      },
      'Accepted?': choose([['$states.input.accepted', 'Create']], 'InputRejected'),
      InputRejected: fail(
        'InputRejected',
        "$string($states.input.badRecords) & ' bad records and ' & $string($states.input.fatalProblems) & ' faults of objects; the output of Validate names the first of them.'",
      ),
      Create: { ...orchestrate('create', 'Wait'), Retry: RETRY_CREATE },
      Wait: { Type: 'Wait', Seconds: POLL_SECONDS, Next: 'Observe' },
      Observe: orchestrate('observe', 'Finished?'),
      'Finished?': choose(
        [
          ["$states.input.status = 'Completed'", 'Reconcile'],
          ["$states.input.status in ['InProgress', 'Stopping']", 'Wait'],
        ],
        'TransformFailed',
      ),
      TransformFailed: fail('TransformFailed', "$states.input.status & ': ' & $states.input.failureReason"),
      Reconcile: orchestrate('reconcile', 'Reconciled?'),
      'Reconciled?': choose([['$states.input.reconciled', 'Done']], 'RecordsLost'),
      RecordsLost: fail(
        'RecordsLost',
        "$string($states.input.mismatchedFiles) & ' files differ in their records, ' & $string($states.input.placeholders) & ' placeholders; see ' & $states.input.manifestS3Uri",
      ),
      Done: { Type: 'Succeed' },
    },
  };
}

function orchestrate(action: string, next: string): Record<string, unknown> {
  const payload = {
    action,
    definition: `{% ${INPUT}.definition %}`,
    scheduledTime: `{% ${INPUT}.scheduledTime %}`,
  };
  return { ...invoke(placeFor('OrchestratorArn'), payload), Retry: RETRY, Next: next };
}

function invoke(functionArn: string, payload: unknown): Record<string, unknown> {
  return {
    Type: 'Task',
    Resource: `arn:${placeFor('Partition')}:states:::lambda:invoke`,
    Arguments: { FunctionName: functionArn, Payload: payload },
    Output: '{% $states.result.Payload %}',
  };
}

function choose(rules: readonly (readonly [condition: string, next: string])[], otherwise: string): unknown {
  return {
    Type: 'Choice',
    Choices: rules.map(([condition, next]) => ({ Condition: `{% ${condition} %}`, Next: next })),
    Default: otherwise,
  };
}

function fail(error: string, cause: string): unknown {
  return { Type: 'Fail', Error: error, Cause: `{% ${cause} %}` };
}
