/**
 * The manifest that a definition may have as its input: which of the objects below the definition's prefix a run reads. It
 * is written by whoever delivers data, and so is held to what the definition allows.
 */
import { parseS3Manifest, type S3Manifest } from '#core/batch/manifest.ts';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { addressProblem, locate, toAddress } from './s3-address.ts';

/** Where a run's input is. */
export interface InputPlace {
  /** Without a manifest all that starts with it is read; with one, nothing else may be. */
  readonly inputS3Uri: string;
  readonly inputManifestS3Uri?: string | undefined;
}

/**
 * @param bytes Of the manifest at `manifestS3Uri`
 * @throws TwinvecError InvalidManifest also when an object is not below `inputS3Uri`, naming its element
 */
export function parseInputManifest(bytes: Uint8Array, manifestS3Uri: string, inputS3Uri: string): S3Manifest {
  const manifest = parseS3Manifest(bytes, manifestS3Uri);
  const allowed = locate(inputS3Uri);
  for (const [index, object] of manifest.objects.entries()) {
    const address = toAddress(object);
    const outside = object.bucket !== allowed.bucket || !object.key.startsWith(allowed.key);
    const problem = addressProblem(address) ?? (outside ? `is not below ${inputS3Uri}` : undefined);
    if (problem === undefined) continue;
    const rule =
      'A job reads only what is below its own input: move the object there, or name a higher folder in the definition.';
    const place = `${manifestS3Uri}: element ${index + 1}`;
    throw new TwinvecError('InvalidManifest', `${place}: ${quoteForMessage(address)} ${problem}. ${rule}`);
  }
  return { base: { bucket: allowed.bucket, key: manifest.base.key }, objects: manifest.objects };
}
