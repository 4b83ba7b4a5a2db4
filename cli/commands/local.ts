/** `twinvec local`: SageMaker and S3 on this machine, until Ctrl-C. */
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '#core/limits.ts';
import type { TextSink } from '#core/terminal/progress.ts';
import { LOCAL_CREDENTIALS, type LocalOptions, startLocal } from '../../local/start.ts';

/** As shells see a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** A day. Timers of node end at once when they are told to wait longer than 24 days. */
const LONGEST_TIMEOUT_SECONDS = 86_400;

/** The longest wait that a configuration may ask for, an hour, then takes 4 ms. */
const FASTEST = 1_000_000;

interface LocalCommandOptions {
  readonly port: number;
  readonly dir: string;
  readonly engine?: NonNullable<LocalOptions['engine']>;
  readonly sliceEnd: NonNullable<LocalOptions['sliceEnd']>;
  readonly invocationTimeout: number;
  readonly deploymentSpeed: number;
}

const EXAMPLES = `
Examples:
  twinvec local                              on port 8090, everything kept in .twinvec/local
  twinvec local --port 0 --dir /tmp/try-out  on any free port
  AWS_ENDPOINT_URL=http://127.0.0.1:8090 aws s3 sync data s3://bucket/data   from another terminal

It answers what the AWS CLI, boto3 and every AWS SDK send: S3, CreateModel, CreateEndpointConfig, CreateEndpoint,
InvokeEndpoint, CreateTrainingJob, CreateTransformJob, their Describe, List, Delete and Stop calls, and the logs.
docs/local.md shows how to use it, docs/local-differences.md what it does not do. Only this machine can reach it.
`;

export function localCommand(): Command {
  return new Command('local')
    .description(
      'SageMaker on this machine: training, endpoints, batch transform and S3 on one port, no AWS account, no Docker.',
    )
    .option('--port <port>', 'port to listen on; 0 takes a free one', portNumber, 8090)
    .option('--dir <folder>', 'where objects, logs and models in use are kept', path.join('.twinvec', 'local'))
    .addOption(
      new Option('--engine <name>', 'what computes (default: TWINVEC_ENGINE, else auto)').choices([
        'auto',
        'tensorflow',
        'js',
      ]),
    )
    .addOption(
      new Option('--slice-end <rule>', 'whether $[1:4] in filters of transform jobs holds position 4')
        .choices(['exclusive', 'inclusive'])
        .default('exclusive'),
    )
    .option(
      '--invocation-timeout <seconds>',
      'time for an answer to InvokeEndpoint',
      timeoutSeconds,
      LIMITS.realTimeSeconds.value,
    )
    .option(
      '--deployment-speed <factor>',
      'how many times faster than configured the waits of UpdateEndpoint pass; 60 makes a minute a second',
      deploymentSpeed,
      1,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: LocalCommandOptions) => {
      process.exitCode = await runLocalCommand(options, process.stdout);
    });
}

async function runLocalCommand(options: LocalCommandOptions, out: TextSink): Promise<number> {
  const log = (line: string): void => void out.write(`${new Date().toISOString()}  ${line}\n`);
  const { invocationTimeout, ...rest } = options;
  const dir = path.resolve(options.dir);
  const service = await startLocal({ ...rest, dir, invocationTimeoutMs: 1000 * invocationTimeout, log });
  out.write(welcome(service.url, dir));
  await interrupted();
  out.write('Stopping the containers, which may take 30 s. Ctrl-C again ends them at once.\n');
  // Containers are killed with this process.
  process.once('SIGINT', () => process.exit(INTERRUPTED));
  await service.close();
  return 0;
}

function welcome(url: string, dir: string): string {
  return `Local SageMaker and S3 on ${url}
Objects are files below ${path.join(dir, 's3')}, logs below ${path.join(dir, 'logs')}

Copy these lines into another terminal:
  export AWS_ENDPOINT_URL=${url}
  export AWS_ACCESS_KEY_ID=${LOCAL_CREDENTIALS.accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${LOCAL_CREDENTIALS.secretAccessKey}
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1

and try, for instance:
  aws s3 mb s3://models && aws s3 cp model.tar.gz s3://models/
  aws sagemaker create-model --model-name pairs --primary-container ModelDataUrl=s3://models/model.tar.gz
  aws sagemaker list-models

Each request is a line here, and each new state of an endpoint or a job. A browser at ${url} shows them all.
Ctrl-C stops it.
`;
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('Give a port from 0 to 65535.');
}

function deploymentSpeed(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= FASTEST) return value;
  throw new InvalidArgumentError(`Give a number from 1 to ${FASTEST}.`);
}

function timeoutSeconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= LONGEST_TIMEOUT_SECONDS) return value;
  throw new InvalidArgumentError(`Give a number above 0, at most ${LONGEST_TIMEOUT_SECONDS}.`);
}
