/** What the AWS clients of the Lambdas were asked, as the IAM actions and resources that AWS would check. */
import { runtimeClient, s3Client, sageMakerClient } from '../../lambdas/commons/clients.ts';

type Input = Readonly<Record<string, unknown>>;
type Needs = (input: Input) => readonly (readonly [action: string, resource: string])[];

/** Objects are in buckets with the deployment's key. */
const object = ({ Bucket, Key }: Input) => `s3:${Bucket}/${Key}`;
const reading: Needs = (input) => [
  ['s3:GetObject', object(input)],
  ['kms:Decrypt', 'key'],
];
const job = (action: string): Needs => {
  return ({ TransformJobName, Tags }) => {
    const resource = `sagemaker:transform-job/${TransformJobName}`;
    return [[action, resource] as const, ...(Tags ? [['sagemaker:AddTags', resource] as const] : [])];
  };
};
const endpoint = (action: string): Needs => {
  return ({ EndpointName }) => [[action, `sagemaker:endpoint/${EndpointName}`]];
};

/** By the name of the SDK's command; one that is not here fails the test that sends it. */
const NEEDS: Readonly<Record<string, Needs>> = {
  GetObjectCommand: reading,
  HeadObjectCommand: reading,
  ListObjectsV2Command: ({ Bucket }) => [['s3:ListBucket', `s3:${Bucket}`]],
  PutObjectCommand: (input) => [
    ['s3:PutObject', object(input)],
    ['kms:GenerateDataKey', 'key'],
  ],
  CreateTransformJobCommand: job('sagemaker:CreateTransformJob'),
  DescribeTransformJobCommand: job('sagemaker:DescribeTransformJob'),
  DescribeEndpointCommand: endpoint('sagemaker:DescribeEndpoint'),
  InvokeEndpointCommand: endpoint('sagemaker:InvokeEndpoint'),
  InvokeEndpointAsyncCommand: endpoint('sagemaker:InvokeEndpointAsync'),
};

export interface RecordedCalls {
  /** `action resource`, of the Lambda that was named last. */
  readonly of: (name: string) => readonly string[];
  /** The next calls are those of this Lambda. */
  readonly start: (name: string) => void;
}

type Next = (args: { readonly input: Input }) => Promise<unknown>;
type Middleware = (next: Next, context: { readonly commandName?: string }) => Next;
/** What the three clients have in common, whose own types do not. */
interface Listened {
  readonly middlewareStack: { add(middleware: Middleware, options: { readonly step: 'initialize' }): void };
}

/** Listens to the clients that all Lambdas of this process share. */
export function recordCalls(): RecordedCalls {
  const seen = new Map<string, Set<string>>();
  let current = new Set<string>();
  const note = (action: string, resource: string) => current.add(`${action} ${resource}`);
  const listen = (commandName: string | undefined, input: Input) => {
    const needs = NEEDS[commandName ?? ''];
    if (!needs) throw new Error(`${commandName} is not known to recorded-calls.ts: which action does it need?`);
    for (const [action, resource] of needs(input)) note(action, resource);
  };
  const record: Middleware =
    (next, { commandName }) =>
    async (args) => {
      listen(commandName, args.input);
      try {
        return await next(args);
      } catch (thrown) {
        // Who may not list a bucket is told 403 of an object that does not exist, and not 404.
        const { $metadata } = thrown as { readonly $metadata?: { readonly httpStatusCode?: number } };
        const { Bucket, Key } = args.input;
        if (Key !== undefined && $metadata?.httpStatusCode === 404) note('s3:ListBucket', `s3:${Bucket}`);
        throw thrown;
      }
    };
  for (const client of [s3Client(), sageMakerClient(), runtimeClient()] as unknown as Listened[]) {
    client.middlewareStack.add(record, { step: 'initialize' });
  }
  return {
    of: (name) => [...(seen.get(name) ?? [])].sort(),
    start(name) {
      current = seen.get(name) ?? new Set();
      seen.set(name, current);
    },
  };
}
