/** Transform jobs by the AWS SDK, which here talks to the local service and on AWS would talk to SageMaker. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { LOCAL_CREDENTIALS } from '../../local/start.ts';

const BUCKET = 'my-sagemaker-bucket';
const ROLE = 'arn:aws:iam::000000000000:role/example';
const POLL_MS = 100;

export interface Job {
  readonly name: string;
  /** A model.tar.gz. */
  readonly archive: string;
  /** Key prefix of the input objects. */
  readonly input: string;
  readonly contentType: string;
  /** What else the blog post sets for this job. */
  readonly settings: Partial<Omit<CreateTransformJobCommandInput, 'TransformInput' | 'TransformOutput'>>;
  readonly splitType?: 'TFRecord';
  readonly assembleWith?: 'Line';
}

export class Jobs {
  readonly #s3: S3Client;
  readonly #sageMaker: SageMakerClient;

  constructor(endpoint: string) {
    const config = { endpoint, region: 'us-west-2', credentials: LOCAL_CREDENTIALS };
    this.#s3 = new S3Client({ ...config, forcePathStyle: true });
    this.#sageMaker = new SageMakerClient(config);
  }

  async createBucket(): Promise<void> {
    await this.#s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  }

  /** create-model and create-transform-job, then the wait for its end. Throws the job's FailureReason. */
  async run({ name, archive, input, contentType, settings, splitType, assembleWith }: Job): Promise<void> {
    await this.put(`model/${name}.tar.gz`, await readFile(archive));
    await this.#sageMaker.send(
      new CreateModelCommand({
        ModelName: name,
        PrimaryContainer: { Image: 'twinvec', ModelDataUrl: `s3://${BUCKET}/model/${name}.tar.gz` },
        ExecutionRoleArn: ROLE,
      }),
    );
    await this.#sageMaker.send(
      new CreateTransformJobCommand({
        TransformJobName: name,
        ModelName: name,
        TransformInput: {
          DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/${input}/` } },
          ContentType: contentType,
          ...(splitType && { SplitType: splitType }),
        },
        TransformOutput: {
          S3OutputPath: `s3://${BUCKET}/output/${name}`,
          ...(assembleWith && { AssembleWith: assembleWith }),
        },
        TransformResources: { InstanceType: 'ml.p3.2xlarge', InstanceCount: 2 },
        ...settings,
      }),
    );
    await this.#untilCompleted(name);
  }

  /** The output object of an input object. */
  async output(job: string, inputName: string): Promise<string> {
    const { Body } = await this.#s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: `output/${job}/${inputName}.out` }),
    );
    return Body!.transformToString();
  }

  close(): void {
    this.#s3.destroy();
    this.#sageMaker.destroy();
  }

  async #untilCompleted(name: string): Promise<void> {
    for (;;) {
      const { TransformJobStatus: status, FailureReason: reason } = await this.#sageMaker.send(
        new DescribeTransformJobCommand({ TransformJobName: name }),
      );
      if (status === 'Completed') return;
      if (status !== 'InProgress') throw new Error(`The transform job ${name} ended as ${status}: ${reason}`);
      await delay(POLL_MS);
    }
  }
}
