/** A training job's base folder as SageMaker makes it (/opt/ml): configuration files, and the channels from S3. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import { channelFileName, type ManifestEntry, readChannelManifest } from '#core/sagemaker/channel-files.ts';
import { parseS3Uri, type S3Uri } from '#core/sagemaker/s3-uri.ts';
import {
  type Channel,
  CONTAINER_BASE,
  type CreateTrainingJobRequest,
  trainingConfigFiles,
} from '#core/sagemaker/training-job.ts';
import { downloadObject, listKeys } from '../object-store/s3-files.ts';

export async function layOutConfig(request: CreateTrainingJobRequest, baseDir: string): Promise<void> {
  const config = path.join(baseDir, 'input', 'config');
  await mkdir(config, { recursive: true });
  await mkdir(path.join(baseDir, 'model'), { recursive: true });
  await mkdir(path.join(baseDir, 'output', 'data'), { recursive: true });
  for (const [name, content] of Object.entries(trainingConfigFiles(request))) {
    await writeFile(path.join(config, name), JSON.stringify(content, undefined, 2));
  }
}

/** Where a path that the job gives, such as `/opt/ml/checkpoints`, lies on this machine. */
export function hostPath(baseDir: string, containerPath: string): string {
  return path.join(baseDir, path.relative(CONTAINER_BASE, containerPath));
}

/**
 * Every object becomes a file below `input/data/CHANNEL`.
 *
 * @throws TwinvecError InvalidTrainingData or NotFound naming channel and object.
 */
export async function downloadChannel(
  s3: S3Client,
  channel: Channel,
  baseDir: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = path.join(baseDir, 'input', 'data', channel.ChannelName);
  await mkdir(folder, { recursive: true });
  let files = 0;
  for await (const { object, name } of entriesOf(s3, channel, baseDir, signal)) {
    signal.throwIfAborted();
    await downloadObject(s3, object, path.join(folder, name), signal);
    files += 1;
  }
  if (files > 0) return;
  const { S3Uri } = channel.DataSource.S3DataSource;
  throw new TwinvecError(
    'InvalidTrainingData',
    `No S3 objects found under S3 URL "${S3Uri}" given in input data source of channel "${channel.ChannelName}".`,
  );
}

async function* entriesOf(
  s3: S3Client,
  channel: Channel,
  baseDir: string,
  signal: AbortSignal,
): AsyncGenerator<ManifestEntry> {
  const { S3DataType: type, S3Uri: text } = channel.DataSource.S3DataSource;
  const uri = s3Address(text);
  if (type !== 'ManifestFile') {
    for await (const { key } of listKeys(s3, uri)) {
      yield { object: { bucket: uri.bucket, key }, name: channelFileName(uri.key, key) };
    }
    return;
  }
  const file = path.join(baseDir, `${channel.ChannelName}.manifest`);
  await downloadObject(s3, uri, file, signal);
  const content = await readFile(file);
  await rm(file);
  yield* readChannelManifest(content, `channel ${channel.ChannelName}, ${text}`);
}

/** @throws TwinvecError ValidationFailed when the text is no s3:// address. */
export function s3Address(text: string): S3Uri {
  const uri = parseS3Uri(text);
  if (!uri) throw new TwinvecError('ValidationFailed', `${text} is not an s3:// address with a bucket`);
  return uri;
}
