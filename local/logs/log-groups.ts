/**
 * CloudWatch's groups and streams as folders and files: the stream `s` of the group `/aws/sagemaker/Endpoints/e` is
 * `aws/sagemaker/Endpoints/e/s.log` below the log folder.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const EXTENSION = '.log';

export const ENDPOINT_LOGS = '/aws/sagemaker/Endpoints';
export const TRAINING_LOGS = '/aws/sagemaker/TrainingJobs';
export const TRANSFORM_LOGS = '/aws/sagemaker/TransformJobs';

export interface LogStream {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly createdMs: number;
  readonly lastWrittenMs: number;
}

/** Where a stream of a group is kept. Both are names of this service, or checked with {@link isPlainName}. */
export function logFilePath(logFolder: string, group: string, stream: string): string {
  return path.join(logFolder, `${group}/${stream}${EXTENSION}`);
}

/** Whether a caller's name of a group or stream stays within the log folder. */
export function isPlainName(name: string): boolean {
  return /^[.\-_/#A-Za-z0-9[\]$:]+$/.test(name) && !name.split('/').some((part) => part === '..' || part === '.');
}

/** The streams of a group by name; undefined when there is no such group. */
export async function listLogStreams(logFolder: string, group: string): Promise<readonly LogStream[] | undefined> {
  const root = path.join(logFolder, group);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return undefined;
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(EXTENSION))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const streams = await Promise.all(files.map((file) => describeStream(root, file)));
  return streams.sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function describeStream(root: string, file: string): Promise<LogStream> {
  const { size, birthtimeMs, mtimeMs } = await stat(file);
  const name = path.relative(root, file).slice(0, -EXTENSION.length);
  return { name, file, bytes: size, createdMs: Math.round(birthtimeMs), lastWrittenMs: Math.round(mtimeMs) };
}
