/**
 * The states of one batch run, in Amazon States Language with JSONata:
 * plan -> validate in parts -> create -> wait and observe -> reconcile -> the failed files once more, or tell somebody. The
 * functions report; the decisions are here, and each way to fail has a name of its own.
 *
 * Input of an execution: `{"definition": TransformDefinition, "scheduledTime": ISO 8601}`, and `skipWhileRunning`, the
 * start of the names of runs that this one is not to run beside. Variables: `validation` and `fingerprint` of the input,
 * `attempt`, and `outcome` once the run has failed.
 */
import { overlapStates } from './overlap-states.ts';
import { failureStates } from './transform-failure-states.ts';
import { caught, choose, invoke, orchestrate, placeFor, RETRY, RETRY_CREATE } from './transform-tasks.ts';

const DAY_SECONDS = 86_400;
const POLL_SECONDS = 60;

/** Short enough for what a hundred parts may pass on together. */
const UNREAD = {
  error: '{% $states.errorOutput.Error %}',
  cause: "{% $exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 1800) : '' %}",
};

export interface TransformStatesProps {
  /** Parts of an input that are validated at the same time. */
  readonly partConcurrency: number;
}

export function transformStates({ partConcurrency }: TransformStatesProps): Record<string, unknown> {
  return {
    Comment: 'One batch transform, from plan to reconciliation',
    QueryLanguage: 'JSONata',
    TimeoutSeconds: 5 * DAY_SECONDS,
    StartAt: 'Overlap?',
    States: {
      ...overlapStates('Start'),
      // Catches assign to variables from anywhere, so all of them exist from here on.
      Start: { Type: 'Pass', Assign: { attempt: 0 }, Next: 'Plan' },
      Plan: { ...orchestrate('plan', 'Divide'), Assign: { validation: '{% $states.result.Payload.validation %}' } },
      Divide: {
        ...caught(invoke(placeFor('ValidatorArn'), "{% $merge([$validation, {'action': 'plan'}]) %}"), 'Validate'),
        Assign: { fingerprint: '{% $states.result.Payload.fingerprint %}' },
      },
      Validate: caught(validateParts(partConcurrency), 'Read?', []),
      'Read?': choose([['$exists($states.input.unread)', 'BlamePart']], 'Merge'),
      Merge: caught(
        invoke(placeFor('ValidatorArn'), {
          action: 'merge',
          maxBadRecords: '{% $validation.maxBadRecords %}',
          reports: '{% $states.input %}',
        }),
        'Accepted?',
      ),
      'Accepted?': choose([['$states.input.accepted', 'Create']], 'RejectInput'),
      Create: { ...orchestrate('create', 'Wait'), Retry: RETRY_CREATE },
      Wait: { Type: 'Wait', Seconds: POLL_SECONDS, Next: 'Observe' },
      Observe: orchestrate('observe', 'Finished?'),
      'Finished?': choose([["$states.input.status in ['InProgress', 'Stopping']", 'Wait']], 'Reconcile'),
      Reconcile: orchestrate('reconcile', 'Reconciled?', { fingerprint: '{% $fingerprint %}' }),
      'Reconciled?': choose(
        [
          ['$states.input.reconciled', 'Done'],
          ['$states.input.retryable', 'Retry'],
          ['$states.input.inputChanged', 'BlameInput'],
          ["$states.input.status != 'Completed'", 'BlameJob'],
        ],
        'BlameCounts',
      ),
      Retry: {
        ...orchestrate('retry', 'Create', { attempt: '{% $attempt + 1 %}' }),
        Assign: { attempt: '{% $attempt + 1 %}' },
      },
      ...failureStates(),
      Done: { Type: 'Succeed' },
    },
  };
}

/** A run of its own for each part: one function could not read a large input in its 15 minutes. */
function validateParts(concurrency: number): Record<string, unknown> {
  return {
    Type: 'Map',
    Label: 'Parts',
    Items: '{% $states.input.parts %}',
    // Runs of parts do not see this run's variables, so each is given all that it needs.
    ItemSelector: "{% $merge([$validation, {'part': $states.context.Map.Item.Value}]) %}",
    MaxConcurrency: concurrency,
    // A part that could not be read is a part that was not checked.
    ToleratedFailurePercentage: 0,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'ValidatePart',
      States: {
        ValidatePart: {
          ...invoke(placeFor('ValidatorArn'), '{% $states.input %}'),
          Retry: RETRY,
          // A Map that fails says only that it did; so the part ends well, and says what it failed of.
          Catch: [{ ErrorEquals: ['States.ALL'], Output: { unread: UNREAD }, Next: 'Unread' }],
          End: true,
        },
        Unread: { Type: 'Succeed' },
      },
    },
  };
}
