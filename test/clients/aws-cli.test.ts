/** SageMaker on this machine through the AWS CLI: an endpoint by hand, and the listings of AWS's blog post as printed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { SageMakerClient, waitUntilEndpointInService } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeExample } from '#core/examples/example-writer.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { packArchives, readImages } from '../../examples/image-classification/pack.ts';
import { LOCAL_CREDENTIALS } from '../../local/start.ts';
import { pair } from '../fixtures/pair-model/train-pair-model.ts';
import { nativeEngine } from '../native-engine.ts';
import { cliCommand, findClis, runCli } from './aws-cli.ts';
import { clientEnvironment } from './client-environment.ts';
import { AWS_CLI, findPackages } from './python-client.ts';
import { type ServiceWithModels, startWithModels } from './start-with-models.ts';

// Each call of the CLI is a Python that starts, and a busy machine starts many.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const LISTING = fileURLToPath(new URL('blog-listing.sh', import.meta.url));
const clis = findClis(await findPackages(AWS_CLI));

const QUICKLY = { maxWaitTime: 300, minDelay: 1, maxDelay: 1 };

let service: ServiceWithModels;
let sageMaker: SageMakerClient;

beforeAll(async () => {
  service = await startWithModels();
  sageMaker = new SageMakerClient({ endpoint: service.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS });
});

afterAll(() => service.close());

describe.each(clis)('$name with the local SageMaker$note', (cli) => {
  const name = cli.name.toLowerCase().replaceAll(' ', '-');

  async function aws(...args: string[]): Promise<string> {
    const { exitCode, out, errors } = await runCli(cli, service.url, args);
    if (exitCode !== 0) throw new Error(`aws ${args.join(' ')} ended with ${exitCode}: ${errors}`);
    return out.trim();
  }

  it.skipIf(cli.note !== '')(
    'creates a model and an endpoint, waits, invokes, and reads the service’s refusals',
    async () => {
      // Prepare
      const answerFile = path.join(service.work, `${name}.json`);
      const requestFile = path.join(service.work, `${name}-request.json`);
      await writeFile(requestFile, JSON.stringify({ instances: [pair(1)] }));
      await aws('s3', 'mb', `s3://${name}`);
      await aws('s3', 'cp', '--only-show-errors', service.pairs, `s3://${name}/model.tar.gz`);

      // Act
      const container = `Image=any,ModelDataUrl=s3://${name}/model.tar.gz`;
      const role = 'arn:aws:iam::000000000000:role/any';
      await aws(
        'sagemaker',
        'create-model',
        '--model-name',
        name,
        '--primary-container',
        container,
        '--execution-role-arn',
        role,
      );
      const variant = `VariantName=AllTraffic,ModelName=${name},InstanceType=ml.g5.xlarge,InitialInstanceCount=1`;
      await aws(
        'sagemaker',
        'create-endpoint-config',
        '--endpoint-config-name',
        name,
        '--production-variants',
        variant,
      );
      await aws('sagemaker', 'create-endpoint', '--endpoint-name', name, '--endpoint-config-name', name);
      // The waiter looks every 30 s, and each look of the CLI by hand is another Python that starts.
      await waitUntilEndpointInService({ client: sageMaker, ...QUICKLY }, { EndpointName: name });
      await aws('sagemaker', 'wait', 'endpoint-in-service', '--endpoint-name', name);
      const invoke = [
        'sagemaker-runtime',
        'invoke-endpoint',
        '--endpoint-name',
        name,
        '--content-type',
        'application/json',
      ];
      const variantOfAnswer = await aws(
        ...invoke,
        '--body',
        `fileb://${requestFile}`,
        '--query',
        'InvokedProductionVariant',
        '--output',
        'text',
        answerFile,
      );
      const refused = await runCli(cli, service.url, ['sagemaker', 'describe-model', '--model-name', 'none']);
      const group = `/aws/sagemaker/Endpoints/${name}`;
      // `logs tail` is of version 2.
      const logs = await (cli.name === 'AWS CLI 2'
        ? aws('logs', 'tail', group, '--since', '1h')
        : aws('logs', 'filter-log-events', '--log-group-name', group, '--query', 'events[].message'));

      // Assess
      expect(JSON.parse(await readFile(answerFile, 'utf8'))).toEqual({
        predictions: [{ scores: [expect.any(Number), expect.any(Number)] }],
      });
      expect(variantOfAnswer).toBe('AllTraffic');
      expect(logs).toContain('engine_worker_ready');
      expect(refused.exitCode).not.toBe(0);
      expect(refused.errors).toContain(
        'An error occurred (ValidationException) when calling the DescribeModel operation: Could not find model',
      );
      await aws('sagemaker', 'delete-endpoint', '--endpoint-name', name);
    },
  );

  it.skipIf(cli.note !== '' || !nativeEngine.available)(
    `runs the listings of the blog post: JPEG objects, then TFRecords${nativeEngine.note}`,
    async () => {
      // Prepare
      const folder = path.join(service.work, `${name}-listing`);
      await mkdir(folder);
      await copyFile(
        (await packArchives(path.join(service.work, `${name}-archives`))).withHandlers,
        path.join(folder, 'model.tar.gz'),
      );
      const images = (await readImages()).filter((image) => image.name.endsWith('.jpg'));
      const s3 = path.join(service.work, 'local', 's3');
      const [jpeg, records, out] = [
        'your-sagemaker-input-data/jpeg-images',
        'your-sagemaker-input-data/tfrecord-images',
        'your-sagemaker-output-data-bucket',
      ].map((bucket) => path.join(s3, bucket)) as [string, string, string];
      // A person would copy with a file manager: objects are files.
      for (const bucket of [jpeg, records, out, path.join(s3, 'my-sagemaker-bucket')])
        await mkdir(bucket, { recursive: true });
      for (const image of images) await writeFile(path.join(jpeg, image.name), image.bytes);
      const examples = images.map(({ bytes }) =>
        encodeExample(new Map([['image/encoded', { kind: 'bytes', values: [bytes] }]])),
      );
      await writeFile(path.join(records, 'train-00000-of-00100'), Buffer.concat(examples.map(writeTfRecord)));

      // Act
      const command = cliCommand(cli, service.url).join(' ');
      const script = `aws() { command ${command} "$@"; }; export -f aws; . ${LISTING}`;
      const env = { ...clientEnvironment(service.url, cli.packages), NODE: process.execPath };
      const child = spawn('bash', ['-c', script], { cwd: folder, env });
      child.stdin.end();
      const [, complaints, [exitCode]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);

      // Assess
      expect(complaints).toBe('');
      expect(exitCode).toBe(0);
      expect((await readdir(path.join(out, 'output'))).sort()).toEqual(
        images.map(({ name: image }) => `${image}.out`).sort(),
      );
      const lines = (await readFile(path.join(out, 'tfrecord-output', 'train-00000-of-00100.out'), 'utf8'))
        .trimEnd()
        .split('\n');
      const whole = await Promise.all(
        images.map(({ name: image }) => readFile(path.join(out, 'output', `${image}.out`), 'utf8')),
      );
      expect(lines.map((line) => JSON.parse(line))).toEqual(whole.map((answer) => JSON.parse(answer)));
    },
  );
});
