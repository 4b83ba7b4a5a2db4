/** The pieces that the states of a batch run are made of: calls of the two functions, what is tried again, choices. */

/** Failures that pass by themselves: our own throttling code, and Lambda's. */
const PASSING = {
  ErrorEquals: [
    'Overloaded',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  IntervalSeconds: 5,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 300,
  JitterStrategy: 'FULL',
};

/** A function that was killed: out of time, out of memory, or never started. Every step may be repeated. */
const KILLED = {
  ErrorEquals: ['Lambda.Unknown', 'Sandbox.Timedout', 'States.Timeout'],
  IntervalSeconds: 30,
  MaxAttempts: 1,
  BackoffRate: 1,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

export const RETRY = [PASSING, KILLED];

/** An account at its limit of GPU instances is normal at night: keep the run waiting for hours rather than lose it. */
export const RETRY_CREATE = [{ ...PASSING, IntervalSeconds: 60, MaxAttempts: 24, MaxDelaySeconds: 900 }, KILLED];

const INPUT = '$states.context.Execution.Input';

/** What CloudFormation puts in place of `${Name}` in the definition. */
export interface StateSubstitutions extends Record<string, string> {
  readonly Partition: string;
  readonly ValidatorArn: string;
  readonly OrchestratorArn: string;
  readonly TopicArn: string;
}

export const placeFor = (name: keyof StateSubstitutions) => `\${${name}}`;

export function orchestrate(action: string, next: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const payload = {
    action,
    definition: `{% ${INPUT}.definition %}`,
    scheduledTime: `{% ${INPUT}.scheduledTime %}`,
    attempt: '{% $attempt %}',
    ...more,
  };
  return caught(invoke(placeFor('OrchestratorArn'), payload), next);
}

export function invoke(functionArn: string, payload: unknown): Record<string, unknown> {
  return {
    Type: 'Task',
    Resource: `arn:${placeFor('Partition')}:states:::lambda:invoke`,
    Arguments: { FunctionName: functionArn, Payload: payload },
    Output: '{% $states.result.Payload %}',
  };
}

/** A step whose failure, when trying again has not helped, is explained to somebody. */
export function caught(
  state: Record<string, unknown>,
  next: string,
  retry: readonly unknown[] = RETRY,
): Record<string, unknown> {
  const outcome = {
    state: 'StepFailed',
    error: '{% $states.errorOutput.Error %}',
    cause: "{% $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : '' %}",
  };
  return {
    ...state,
    ...(retry.length === 0 ? {} : { Retry: retry }),
    Catch: [{ ErrorEquals: ['States.ALL'], Assign: { outcome }, Next: 'Explain' }],
    Next: next,
  };
}

export function choose(rules: readonly (readonly [condition: string, next: string])[], otherwise: string): unknown {
  return {
    Type: 'Choice',
    Choices: rules.map(([condition, next]) => ({ Condition: `{% ${condition} %}`, Next: next })),
    Default: otherwise,
  };
}
