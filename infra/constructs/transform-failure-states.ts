/**
 * The states in which a batch run fails: what happened is kept in a variable, explained by the orchestrator in words for a
 * person, and published. A notice that cannot be written or sent does not hide the failure: the run ends as it would have.
 */
import { choose, orchestrate, placeFor, RETRY } from './transform-tasks.ts';

/** State in which a run ends -> its cause in one line, from the variable `outcome`. */
const ENDS = {
  InputRejected:
    "$string($outcome.report.badRecords) & ' bad records and ' & $string($outcome.report.fatalProblems) & ' faults of objects; the output of Merge names the first of them.'",
  TransformFailed: "$outcome.result.status & ': ' & $outcome.result.failureReason",
  RecordsLost:
    "$string($outcome.result.mismatchedFiles) & ' files differ in their records, ' & $string($outcome.result.placeholders) & ' placeholders; see ' & $outcome.result.manifestS3Uri",
  InputChanged:
    "'Objects of the input were added, removed or overwritten meanwhile; see ' & $outcome.result.manifestS3Uri",
  StepFailed: "$outcome.error & ': ' & $outcome.cause",
} as const;

export function failureStates(): Record<string, unknown> {
  return {
    BlamePart: {
      Type: 'Pass',
      Assign: {
        outcome: {
          state: 'StepFailed',
          // In parentheses: without them the first of every part is meant, and not the first of all.
          error: '{% ($states.input.unread)[0].error %}',
          cause: '{% ($states.input.unread)[0].cause %}',
        },
      },
      Next: 'Explain',
    },
    RejectInput: blame('InputRejected', 'report'),
    BlameInput: blame('InputChanged', 'result'),
    BlameJob: blame('TransformFailed', 'result'),
    BlameCounts: blame('RecordsLost', 'result'),
    Explain: {
      ...orchestrate('notice', 'Tell', {
        outcome: '{% $outcome %}',
        executionArn: '{% $states.context.Execution.Id %}',
      }),
      Catch: untold(),
    },
    Tell: {
      Type: 'Task',
      Resource: `arn:${placeFor('Partition')}:states:::aws-sdk:sns:publish`,
      Arguments: {
        TopicArn: placeFor('TopicArn'),
        Subject: '{% $states.input.subject %}',
        Message: '{% $states.input.message %}',
      },
      Retry: [{ ...RETRY[0], ErrorEquals: ['States.TaskFailed'] }],
      Catch: untold(),
      Next: 'Ended?',
    },
    'Ended?': choose(
      Object.keys(ENDS)
        .filter((name) => name !== 'StepFailed')
        .map((name) => [`$outcome.state = '${name}'`, name] as const),
      'StepFailed',
    ),
    ...Object.fromEntries(
      Object.entries(ENDS).map(([name, cause]) => [name, { Type: 'Fail', Error: name, Cause: `{% ${cause} %}` }]),
    ),
  };
}

function blame(state: keyof typeof ENDS, findings: string): unknown {
  return { Type: 'Pass', Assign: { outcome: { state, [findings]: '{% $states.input %}' } }, Next: 'Explain' };
}

function untold(): unknown {
  return [{ ErrorEquals: ['States.ALL'], Next: 'Ended?' }];
}
