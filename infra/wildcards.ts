/** Wildcards in policies, which cdk-nag finds one by one: what each stands for, and why it cannot be a name. */
import { Token } from 'aws-cdk-lib';
import type { Acknowledgement } from './acknowledgement.ts';
import type { Environment } from './environments/schema.ts';
import type { TwinvecStack } from './stacks/twinvec-stack.ts';

export function wildcards(stack: TwinvecStack, environment: Environment): Acknowledgement[] {
  return [
    wildcard(
      '*',
      'ecr:GetAuthorizationToken, X-Ray, vended log delivery and network interfaces know no resources; a test lists the actions allowed on *.',
    ),
    ...dataWildcards(stack, environment),
    ...hostingWildcards(stack, environment),
    ...keptWildcards(stack, environment),
    ...trainingWildcards(stack, environment),
  ];
}

function dataWildcards(stack: TwinvecStack, { jobs }: Environment): Acknowledgement[] {
  const input = stack.logicalIdOf(stack.buckets.input);
  const output = stack.logicalIdOf(stack.buckets.output);
  return [
    wildcard(
      `<${input}.Arn>/*`,
      'Input objects are named by whoever delivers them; the roles may only read this bucket.',
    ),
    wildcard(`<${output}.Arn>/*`, 'Outputs are named after inputs; the bucket holds nothing but outputs.'),
    wildcard(`<${output}.Arn>/*/manifest.json`, 'Each run writes one manifest into a folder named after the run.'),
    wildcard(
      `<${output}.Arn>/*/retry-*.json`,
      'Each run may name its failed files in such an object, in its own folder.',
    ),
    wildcard(
      `${arn(stack, 'states')}execution:${stack.stackName}-transform:*`,
      'The parts of an input are runs of the same state machine, named by Step Functions.',
    ),
    wildcard(`${logs(stack)}/TransformJobs:*`, 'SageMaker writes the logs of all transform jobs into this one group.'),
    ...jobs.map(({ name }) =>
      wildcard(
        `${sageMaker(stack)}transform-job/${name}-*`,
        `Every run of ${name} has a name of its own: the time and a hash follow.`,
      ),
    ),
  ];
}

function hostingWildcards(stack: TwinvecStack, { endpoint, overflow }: Environment): Acknowledgement[] {
  const { endpointName } = stack;
  const reason = 'Log streams are named by SageMaker, one per instance.';
  const main =
    endpoint.mode === 'components' ? `InferenceComponents/${endpointName}-model` : `Endpoints/${endpointName}`;
  const groups = overflow ? [main, `Endpoints/${endpointName}-async`] : [main];
  return groups.map((group) => wildcard(`${logs(stack)}/${group}:*`, reason));
}

function keptWildcards(stack: TwinvecStack, { endpoint, overflow }: Environment): Acknowledgement[] {
  if (!stack.requests) return [];
  const bucket = `<${stack.logicalIdOf(stack.requests.bucket)}.Arn>`;
  const captures = wildcard(`${bucket}/capture/*`, 'Captures are named by SageMaker: variant, day and hour.');
  const captured = endpoint.mode === 'realtime' && endpoint.capture !== undefined;
  if (endpoint.mode !== 'async' && overflow === undefined) return [captures];
  const why = 'Asynchronous requests and answers have random names; the bucket holds nothing else, and for a week.';
  const folders = ['inputs/*', 'tickets/*', 'uploads/*', 'outputs/*', 'failures/*'];
  return [...(captured ? [captures] : []), ...folders.map((folder) => wildcard(`${bucket}/async/${folder}`, why))];
}

function trainingWildcards(stack: TwinvecStack, { training, name }: Environment): Acknowledgement[] {
  if (!training) return [];
  const input = stack.logicalIdOf(stack.buckets.input);
  const output = stack.logicalIdOf(stack.buckets.output);
  const folders = Object.values(training.channels).filter((folder) => folder !== undefined);
  return [
    ...folders.map((folder) =>
      wildcard(`<${input}.Arn>/${folder}*`, 'A channel is a folder, of which training reads every object.'),
    ),
    wildcard(`<${output}.Arn>/models/*`, 'Every training leaves its model in a folder named after the job.'),
    wildcard(`${logs(stack)}/TrainingJobs:*`, 'SageMaker writes the logs of all training jobs into this one group.'),
    wildcard(
      `${sageMaker(stack)}training-job/twinvec-${name}-train-*`,
      'Every training has a name of its own: the scheduled time follows.',
    ),
  ];
}

function wildcard(resource: string, reason: string): Acknowledgement {
  return { id: `AwsSolutions-IAM5[Resource::${resource}]`, reason };
}

/** Up to the names of log groups, as cdk-nag writes it: with CloudFormation's names for what only the deployment knows. */
function logs(stack: TwinvecStack): string {
  return `${arn(stack, 'logs')}log-group:/aws/sagemaker`;
}

function sageMaker(stack: TwinvecStack): string {
  return arn(stack, 'sagemaker');
}

function arn({ partition, region, account }: TwinvecStack, service: string): string {
  const known = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  return `arn:${known(partition, 'Partition')}:${service}:${known(region, 'Region')}:${known(account, 'AccountId')}:`;
}
