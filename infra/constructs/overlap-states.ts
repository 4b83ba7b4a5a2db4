/**
 * The rule for a run whose predecessor has not ended: leave this one out. Of two that started at almost the same time the
 * earlier goes on, so that they cannot both give way.
 */

const RUN = '$states.context.Execution';
const OTHERS = [
  `$count($states.result.Executions[$substringBefore(Name, ${RUN}.Input.skipWhileRunning) = ""`,
  ` and $contains(Name, ${RUN}.Input.skipWhileRunning)`,
  ` and ($toMillis(StartDate) < $toMillis(${RUN}.StartTime)`,
  // Started in the same millisecond: their names decide, alike in both.
  ` or $toMillis(StartDate) = $toMillis(${RUN}.StartTime) and Name < ${RUN}.Name)])`,
].join('');

/** @param next The state that a run goes on with. */
export function overlapStates(next: string): Record<string, unknown> {
  return {
    'Overlap?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $exists($states.input.skipWhileRunning) %}', Next: 'FindOthers' }],
      Default: next,
    },
    FindOthers: {
      Type: 'Task',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills the place
      Resource: 'arn:${Partition}:states:::aws-sdk:sfn:listExecutions',
      Arguments: {
        StateMachineArn: '{% $states.context.StateMachine.Id %}',
        StatusFilter: 'RUNNING',
        MaxResults: 1000,
      },
      Output: { others: `{% ${OTHERS} %}` },
      Retry: [
        {
          ErrorEquals: ['States.TaskFailed'],
          IntervalSeconds: 5,
          MaxAttempts: 5,
          BackoffRate: 2,
          MaxDelaySeconds: 60,
          JitterStrategy: 'FULL',
        },
      ],
      Next: 'Alone?',
    },
    'Alone?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.others = 0 %}', Next: next }],
      Default: 'Skipped',
    },
    Skipped: { Type: 'Succeed', Output: { skipped: 'An earlier run of the same job has not ended.' } },
  };
}
