/** The deployments that the environments of this repository do not have, made from them: every mode once. */
import { ENVIRONMENTS, findEnvironment } from '../../infra/environments/all.ts';
import { type Environment, parseEnvironment } from '../../infra/environments/schema.ts';

const dev = findEnvironment('dev');

const hosting = {
  instanceType: 'ml.g6.xlarge',
  startupTimeoutSeconds: 600,
  modelDownloadTimeoutSeconds: 600,
};

/** An asynchronous endpoint, alone, that sleeps, behind a REST API. */
export const asynchronous = () =>
  parseEnvironment({
    ...dev,
    endpoint: {
      mode: 'async',
      ...hosting,
      instanceCount: 1,
      scaling: { min: 0, max: 3, backlogPerInstance: 5 },
    },
    api: { ...dev.api, kind: 'rest' },
  });

/** A REST API behind a firewall, called by web pages; what is too large goes to a second endpoint. */
export const guarded = () =>
  parseEnvironment({
    ...dev,
    overflow: { ...hosting, instanceCount: 1, scaling: { min: 0, max: 2, backlogPerInstance: 5 } },
    api: {
      ...dev.api,
      kind: 'rest',
      cors: { origins: ['https://app.example.com', 'https://beta.example.com'] },
      waf: { requestsPerAddress: 500 },
    },
  });

/** The model as a component, down to no instances at night. */
export const components = () =>
  parseEnvironment({
    ...dev,
    endpoint: {
      mode: 'components',
      ...hosting,
      instances: { min: 0, max: 2 },
      copies: { min: 0, max: 4 },
      perCopy: { gpus: 1, memoryMib: 4096 },
      deployment: { strategy: 'rolling', percent: 50, waitSeconds: 120 },
      scaling: {
        concurrentRequestsPerCopy: 8,
        schedules: [
          { name: 'office', expression: 'cron(0 7 ? * MON-FRI *)', timeZone: 'Europe/Berlin', min: 1, max: 4 },
          { name: 'night', expression: 'cron(0 20 ? * MON-FRI *)', timeZone: 'Europe/Berlin', min: 0, max: 4 },
        ],
      },
    },
  });

/** Without a way to the internet, on disks that take the key, with captured requests and tokens for callers. */
export const closed = () =>
  parseEnvironment({
    ...dev,
    region: 'eu-central-1',
    account: '123456789012',
    image: { variant: 'cpu', repository: { name: 'twinvec', digest: `sha256:${'0a'.repeat(32)}` } },
    endpoint: {
      mode: 'realtime',
      ...hosting,
      instanceType: 'ml.m6i.xlarge',
      volumeKey: 'required',
      volumeGib: 50,
      instanceCount: 4,
      routing: 'random',
      capture: { percent: 10 },
      deployment: { strategy: 'linear', percent: 25, waitSeconds: 300 },
    },
    vpc: { cidr: '10.20.0.0/16', availabilityZones: 3 },
    api: {
      ...dev.api,
      jwt: { issuer: 'https://login.example.com/', audience: ['twinvec'], scopes: ['predict'] },
      cors: { origins: ['https://app.example.com'] },
    },
    jobs: dev.jobs.map((job) => ({ ...job, instanceType: 'ml.m6i.xlarge' })),
    training: {
      instanceType: 'ml.m6i.4xlarge',
      maxRuntimeSeconds: 3600,
      spotWaitSeconds: 1800,
      channels: { train: 'pairs/' },
      hyperparameters: {
        enc0_vocab_size: '100',
        enc0_max_seq_len: '10',
        enc1_vocab_size: '100',
        enc1_max_seq_len: '10',
      },
    },
  });

/** All of them, and those of the repository. */
export const VARIANTS: Readonly<Record<string, () => Environment>> = {
  ...ENVIRONMENTS,
  asynchronous,
  components,
  closed,
  guarded,
};
