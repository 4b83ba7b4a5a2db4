/** The files of a container's model from S3 into its base folder, as SageMaker lays them out before it starts (spec 1.1). */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { type ContainerDefinition, type ModelData, modelDataOf } from '#core/sagemaker/model-request.ts';
import { parseS3Uri, type S3Uri } from '#core/sagemaker/s3-uri.ts';
import { extractArchive } from '../../container/src/model-archive.ts';
import { downloadObject, listKeys, uriText } from '../object-store/s3-files.ts';

const LONGEST_NAME_BYTES = 255;

/**
 * Into `model/`, and `additional-model-data-sources/CHANNEL/` for further ones. The folder of a multi-model container
 * stays empty: its models come when they are asked for.
 *
 * @throws TwinvecError NotFound or InvalidArtifact naming the address.
 */
export async function fetchModelData(
  s3: S3Client,
  definition: ContainerDefinition,
  baseDir: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = path.join(baseDir, 'model');
  const data = modelDataOf(definition);
  await mkdir(data?.layout === 'prefix-of-archives' ? path.join(baseDir, 'models') : folder, { recursive: true });
  if (data) await fetchData(s3, data, folder, signal);
  for (const { ChannelName, S3DataSource } of definition.AdditionalModelDataSources ?? []) {
    const additional = modelDataOf({ ModelDataSource: { S3DataSource } });
    const target = path.join(baseDir, 'additional-model-data-sources', ChannelName);
    if (additional) await fetchData(s3, additional, target, signal);
  }
}

async function fetchData(
  s3: S3Client,
  { uri: text, layout }: ModelData,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const uri = parseS3Uri(text);
  if (!uri) throw new TwinvecError('InvalidArtifact', `${text} is not an s3:// address`);
  if (layout === 'archive') await fetchArchive(s3, uri, folder, signal);
  else if (layout === 'file') await fetchFile(s3, uri, uri.key.slice(uri.key.lastIndexOf('/') + 1), folder, signal);
  else if (layout === 'prefix-of-files') await fetchPrefix(s3, uri, folder, signal);
}

/** @throws TwinvecError NotFound or InvalidArtifact naming the address; the folder may then hold a part. */
export async function fetchArchive(s3: S3Client, uri: S3Uri, folder: string, signal: AbortSignal): Promise<void> {
  if (!uri.key.endsWith('.tar.gz')) {
    throw new TwinvecError('InvalidArtifact', `${uriText(uri)} is not the address of a .tar.gz`);
  }
  const archive = `${folder}.tar.gz`;
  await download(s3, uri, archive, signal);
  try {
    await extractArchive(archive, folder, uriText(uri));
  } finally {
    await rm(archive, { force: true });
  }
}

/** The file of an object is its key without the prefix. */
async function fetchPrefix(s3: S3Client, uri: S3Uri, folder: string, signal: AbortSignal): Promise<void> {
  let files = 0;
  for await (const { key } of listKeys(s3, uri)) {
    signal.throwIfAborted();
    await fetchFile(s3, { bucket: uri.bucket, key }, key.slice(uri.key.length).replace(/^\//, ''), folder, signal);
    files += 1;
  }
  if (files === 0) throw new TwinvecError('NotFound', `Could not access model data at ${uriText(uri)}: no objects`);
}

async function fetchFile(s3: S3Client, uri: S3Uri, name: string, folder: string, signal: AbortSignal): Promise<void> {
  const illegal = name.split('/').some((part) => !isFileName(part));
  if (illegal) {
    throw new TwinvecError('InvalidArtifact', `The key ${quoteForMessage(uri.key)} cannot be a file of the model`);
  }
  await download(s3, uri, path.join(folder, name), signal);
}

/** The rules of S3ModelDataSource. */
function isFileName(part: string): boolean {
  return (
    part !== '' &&
    part !== '.' &&
    part !== '..' &&
    !part.includes('\0') &&
    Buffer.byteLength(part) <= LONGEST_NAME_BYTES
  );
}

async function download(s3: S3Client, uri: S3Uri, file: string, signal: AbortSignal): Promise<void> {
  await downloadObject(s3, uri, file, signal).catch((thrown: unknown) => {
    if (!(thrown instanceof TwinvecError) || thrown.code !== 'NotFound') throw thrown;
    const cause = (thrown.cause as Error | undefined)?.name ?? thrown.message;
    throw new TwinvecError('NotFound', `Could not access model data at ${uriText(uri)}: ${cause}`, { cause: thrown });
  });
}
