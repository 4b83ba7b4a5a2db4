/** The files of a run that have failed so far, as the input of its next job. */
import { formatManifest } from '#core/batch/manifest.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { hasFailed } from './reconcile.ts';
import type { RunManifest } from './run-manifest.ts';
import { locate, toAddress } from './s3-address.ts';

export interface RetryManifest {
  readonly files: number;
  /** A manifest of S3DataType ManifestFile. */
  readonly text: string;
}

/**
 * Names begin behind the last "/" of what the input's addresses began with, so that outputs are called as in the run's first job.
 *
 * @throws TwinvecError Conflict when no file has failed; PayloadTooLarge when a manifest cannot name them all
 */
export function buildRetryManifest({ input, inputManifest, files, runName }: RunManifest): RetryManifest {
  const address = toAddress(locate(inputManifest?.prefix ?? input));
  const prefix = address.slice(0, address.lastIndexOf('/') + 1);
  const names = files.filter(hasFailed).map((file) => file.input);
  if (names.length === 0) throw new TwinvecError('Conflict', `No file of ${runName} has failed.`);
  const most = LIMITS.batchManifestObjects.value;
  if (names.length > most) {
    throw new TwinvecError('PayloadTooLarge', `${names.length} files failed; a manifest names at most ${most}.`);
  }
  const text = formatManifest({ prefix, names: names.map((name) => name.slice(prefix.length)) });
  return { files: names.length, text };
}
