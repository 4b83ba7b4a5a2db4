/**
 * What SageMaker tells a training container: the files under `input/config` of its base folder (AWS developer guide,
 * your-algorithms-training-algo-running-container). A file that is absent counts as SageMaker's plainest case, so that
 * a job can also be laid out by hand.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type ErrorCode, quoteForMessage, TwinvecError } from '#core/errors.ts';

export interface TrainingJob {
  readonly baseDir: string;
  /** This machine's name in metric lines. */
  readonly host: string;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  /** Channels of the job by name; absent when the job does not say, and folders decide. */
  readonly channels: ReadonlyMap<string, ChannelConfig> | undefined;
}

const ChannelConfig = z.looseObject({
  TrainingInputMode: z.string().optional(),
  ContentType: z.string().nullish(),
  RecordWrapperType: z.string().nullish(),
});
export type ChannelConfig = z.infer<typeof ChannelConfig>;

const ResourceConfig = z.looseObject({ current_host: z.string().min(1), hosts: z.array(z.string()) });

/** @throws TwinvecError InvalidHyperparameters, InvalidTrainingData or InvalidConfiguration, naming the file. */
export async function readTrainingJob(baseDir: string): Promise<TrainingJob> {
  const hyperparameters = await readConfig(
    baseDir,
    'hyperparameters.json',
    'InvalidHyperparameters',
    z.looseObject({}),
  );
  if (!hyperparameters) {
    throw new TwinvecError(
      'InvalidHyperparameters',
      'There is no input/config/hyperparameters.json in the base folder.',
    );
  }
  const channels = await readConfig(
    baseDir,
    'inputdataconfig.json',
    'InvalidTrainingData',
    z.record(z.string(), ChannelConfig),
  );
  const resources = await readConfig(baseDir, 'resourceconfig.json', 'InvalidConfiguration', ResourceConfig);
  if (resources && resources.hosts.length > 1) {
    throw new TwinvecError(
      'InvalidConfiguration',
      `The job has ${resources.hosts.length} machines; Object2Vec trains on one. Set InstanceCount to 1.`,
    );
  }
  return {
    baseDir,
    host: resources?.current_host ?? 'algo-1',
    hyperparameters,
    channels: channels && new Map(Object.entries(channels)),
  };
}

async function readConfig<T>(
  baseDir: string,
  name: string,
  code: ErrorCode,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(join(baseDir, 'input', 'config', name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TwinvecError(code, `input/config/${name} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TwinvecError(code, `input/config/${name} is not JSON: ${quoteForMessage(text)}`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new TwinvecError(code, `input/config/${name}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  }
  return parsed.data;
}
