/**
 * The states of one retraining, in Amazon States Language with JSONata: create -> wait and describe -> tell. The new model
 * is not deployed: somebody looks at its figures and puts its address into the environment.
 *
 * Input of an execution: `{"scheduledTime": ISO 8601}`, and `skipWhileRunning` as for transforms.
 */
import { overlapStates } from './overlap-states.ts';

const POLL_SECONDS = 60;
/** Retraining can wait for a GPU longer than a batch that somebody expects in the morning. */
const RETRY_CREATE = {
  ErrorEquals: ['SageMaker.ResourceLimitExceededException', 'SageMaker.SdkClientException', 'States.Timeout'],
  IntervalSeconds: 300,
  MaxAttempts: 24,
  BackoffRate: 1.5,
  MaxDelaySeconds: 3600,
  JitterStrategy: 'FULL',
};
const RETRY = {
  ErrorEquals: ['States.TaskFailed'],
  IntervalSeconds: 5,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 300,
  JitterStrategy: 'FULL',
};

export interface TrainingStatesProps {
  /** CreateTrainingJob's request without the name. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Start of every job's name. */
  readonly jobPrefix: string;
  readonly topicArn: string;
  readonly partition: string;
}

export function trainingStates({ request, jobPrefix, topicArn, partition }: TrainingStatesProps) {
  const sdk = (call: string) => `arn:${partition}:states:::aws-sdk:${call}`;
  // Of the scheduled time and nothing else: a tick that is delivered twice asks for the same name, and is refused.
  const jobName = `{% '${jobPrefix}-' & $replace($states.context.Execution.Input.scheduledTime, /[^0-9]/, '') %}`;
  return {
    Comment: 'One retraining, from the job to the notice',
    QueryLanguage: 'JSONata',
    StartAt: 'Overlap?',
    States: {
      ...overlapStates('Create'),
      Create: {
        Type: 'Task',
        Resource: sdk('sagemaker:createTrainingJob'),
        Arguments: { ...request, TrainingJobName: jobName },
        Retry: [RETRY_CREATE],
        // The job of this tick exists: an earlier attempt made it, and this one looks after it.
        Catch: [{ ErrorEquals: ['SageMaker.ResourceInUseException'], Next: 'Wait' }],
        Next: 'Wait',
      },
      Wait: { Type: 'Wait', Seconds: POLL_SECONDS, Next: 'Describe' },
      Describe: {
        Type: 'Task',
        Resource: sdk('sagemaker:describeTrainingJob'),
        Arguments: { TrainingJobName: jobName },
        Output: {
          name: '{% $states.result.TrainingJobName %}',
          status: '{% $states.result.TrainingJobStatus %}',
          reason: "{% $exists($states.result.FailureReason) ? $states.result.FailureReason : '' %}",
          model:
            "{% $states.result.TrainingJobStatus = 'Completed' ? $states.result.ModelArtifacts.S3ModelArtifacts : '' %}",
        },
        Retry: [RETRY],
        Next: 'Ended?',
      },
      'Ended?': {
        Type: 'Choice',
        Choices: [
          { Condition: "{% $states.input.status in ['InProgress', 'Stopping'] %}", Next: 'Wait' },
          { Condition: "{% $states.input.status = 'Completed' %}", Next: 'Tell' },
        ],
        Default: 'TrainingFailed',
      },
      Tell: {
        Type: 'Task',
        Resource: sdk('sns:publish'),
        Arguments: {
          TopicArn: topicArn,
          Subject: 'Twinvec: a model has been trained',
          Message:
            "{% $states.input.name & ' left ' & $states.input.model & '. To deploy it, name it as model.archive and deploy.' %}",
        },
        Retry: [RETRY],
        Next: 'Done',
      },
      TrainingFailed: {
        Type: 'Fail',
        Error: 'TrainingFailed',
        Cause: "{% $states.input.name & ' ' & $states.input.status & ': ' & $states.input.reason %}",
      },
      Done: { Type: 'Succeed' },
    },
  };
}
