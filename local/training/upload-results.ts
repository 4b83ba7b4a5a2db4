/** What a training job leaves: `/opt/ml/model` and `/opt/ml/output/data` as archives, or file by file, in its S3 output path. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import * as tar from 'tar';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import type { CreateTrainingJobRequest } from '#core/sagemaker/training-job.ts';
import { below, uploadFile, uriText } from '../object-store/s3-files.ts';
import { s3Address } from './lay-out-job.ts';

/** `S3OutputPath/JOB/output`. */
function outputFolder(request: CreateTrainingJobRequest): S3Uri {
  return below(s3Address(request.OutputDataConfig.S3OutputPath), `${request.TrainingJobName}/output`);
}

/** Where Describe says that the model is, from the job's first moment on. */
export function modelArtifacts(request: CreateTrainingJobRequest): string {
  const name = request.OutputDataConfig.CompressionType === 'NONE' ? 'model' : 'model.tar.gz';
  return uriText(below(outputFolder(request), name));
}

/** @returns the address of the model; undefined when the job made none. */
export async function uploadModel(
  s3: S3Client,
  request: CreateTrainingJobRequest,
  baseDir: string,
): Promise<string | undefined> {
  const there = await uploadFolder(s3, request, path.join(baseDir, 'model'), 'model');
  return there ? modelArtifacts(request) : undefined;
}

export async function uploadOutputData(
  s3: S3Client,
  request: CreateTrainingJobRequest,
  baseDir: string,
): Promise<void> {
  await uploadFolder(s3, request, path.join(baseDir, 'output', 'data'), 'output');
}

async function uploadFolder(
  s3: S3Client,
  request: CreateTrainingJobRequest,
  folder: string,
  name: string,
): Promise<boolean> {
  const entries = await readdir(folder);
  if (entries.length === 0) return false;
  const target = outputFolder(request);
  if (request.OutputDataConfig.CompressionType === 'NONE') {
    await uploadEach(s3, folder, below(target, name));
    return true;
  }
  const archive = `${folder}.tar.gz`;
  // As files that begin with "@" would be read as lists of names otherwise.
  const names = entries.map((entry) => `./${entry}`);
  await tar.create({ gzip: true, portable: true, cwd: folder, file: archive }, names);
  await uploadFile(s3, archive, below(target, `${name}.tar.gz`));
  await rm(archive);
  return true;
}

async function uploadEach(s3: S3Client, folder: string, target: S3Uri): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    await uploadFile(s3, file, below(target, path.relative(folder, file).split(path.sep).join('/')));
  }
}
