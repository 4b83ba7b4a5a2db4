/** The nightly job of production as it is synthesised, on the local SageMaker, with buckets and a model of its own. */
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { findEnvironment } from '../../infra/environments/all.ts';
import { handler as orchestrate } from '../../lambdas/orchestrator/handler.ts';
import { handler as validate } from '../../lambdas/validator/handler.ts';
import { Account, type LambdaHandler } from '../fixtures/state-machine/account.ts';
import { arnOf, Deployed } from '../fixtures/state-machine/deployed.ts';
import { type Run, type RunRequest, startRun } from '../fixtures/state-machine/start-run.ts';
import { synthesise } from '../infra/synthesise.ts';
import type { LambdaService } from './lambda-service.ts';

export const NIGHT = '2026-11-21T03:00:00Z';

const VALIDATOR = arnOf('lambda', 'function:validator');
const ORCHESTRATOR = arnOf('lambda', 'function:orchestrator');
const TOPIC = arnOf('sns', 'notices');
const template = synthesise(findEnvironment('prod'));

export interface Night {
  readonly account: Account;
  put(name: string, body: string): Promise<void>;
  /** Keys of the output bucket. */
  outputs(): Promise<string[]>;
  read(key: string): Promise<string>;
  run(more?: Partial<RunRequest>): Promise<Run>;
}

export interface NightOptions {
  /** In place of the handlers, around which they may be. */
  readonly orchestrator?: LambdaHandler;
  readonly validator?: LambdaHandler;
  readonly inputBucket?: string;
}

/**
 * @param name Of its own for every scenario, so that all of them may be of the same night
 * @param objects Of the job's input, by name
 */
export async function deployNight(
  local: LambdaService,
  name: string,
  objects: Readonly<Record<string, string>>,
  options: NightOptions = {},
): Promise<Night> {
  const { s3, sageMaker } = local;
  const [inputBucket, outputBucket] = [`${name}-input`, `${name}-output`];
  for (const Bucket of [inputBucket, outputBucket]) await s3.send(new CreateBucketCommand({ Bucket }));
  await sageMaker.send(
    new CreateModelCommand({
      ModelName: name,
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/test',
      PrimaryContainer: { Image: 'twinvec', ModelDataUrl: 's3://models/model.tar.gz' },
    }),
  );
  const deployed = new Deployed(template, {
    'BatchFunctionsValidator.Arn': VALIDATOR,
    'BatchFunctionsOrchestrator.Arn': ORCHESTRATOR,
    'BatchModel.ModelName': name,
    'Key.Arn': arnOf('kms', 'key/0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a'),
    DataInput: options.inputBucket ?? inputBucket,
    DataOutput: outputBucket,
    Notices: TOPIC,
  });
  const functions = {
    [VALIDATOR]: options.validator ?? validate,
    [ORCHESTRATOR]: options.orchestrator ?? orchestrate,
  };
  const account = new Account({ functions, topicArn: TOPIC, sageMaker });
  const put = (file: string, body: string) => local.put(inputBucket, `embeddings/${file}`, body);
  for (const [file, body] of Object.entries(objects)) await put(file, body);
  return {
    account,
    put,
    async outputs() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: outputBucket }));
      return Contents.map(({ Key }) => Key!);
    },
    read: (key) => local.readText(`s3://${outputBucket}/${key}`),
    run: (more = {}) =>
      startRun({
        deployed,
        machine: 'BatchTransform',
        schedule: 'Batchnightlyembeddings',
        account,
        scheduledTime: NIGHT,
        ...more,
      }),
  };
}

export const actionOf = (event: unknown) => String((event as { readonly action?: unknown }).action);

/** The orchestrator, with something done before a step, and the names of the jobs that it made. */
export function orchestratorWith(before: (action: string) => Promise<void> = async () => {}) {
  const jobs: string[] = [];
  const orchestrator: LambdaHandler = async (event) => {
    await before(actionOf(event));
    const result = await orchestrate(event);
    if ('created' in result) jobs.push(result.jobName);
    return result;
  };
  return { orchestrator, jobs };
}
