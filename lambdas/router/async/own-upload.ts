/**
 * A request whose body the caller has put into S3 already: the object must be in the folder that this deployment has
 * for it. Any other address, whatever its scheme, would have our role read what the caller may not (spec faults R17).
 */
import { TwinvecError } from '#core/errors.ts';
import { locate, toAddress } from '#core/jobs/s3-address.ts';
import { LIMITS } from '#core/limits.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { findObject, type ListedObject, type S3Access } from '../../commons/s3-objects.ts';

/** Header that names the object instead of a body. */
export const INPUT_HEADER = 'x-twinvec-input';

/** SageMaker reads inputs of up to 1 GB (AWS docs, async-inference). */
const LARGEST_INPUT_BYTES = LIMITS.asyncInput.value;

/** @throws TwinvecError ValidationFailed, AccessDenied, NotFound, EmptyBody, PayloadTooLarge */
export async function findUpload(s3: S3Access, folder: string, address: string): Promise<ListedObject> {
  const upload = locate(address);
  const allowed = `${folder}uploads/`;
  if (!isInside(upload, locate(allowed))) {
    throw new TwinvecError('AccessDenied', `${INPUT_HEADER} may only name an object below ${allowed}`);
  }
  const object = await findObject(s3, upload);
  if (!object) throw new TwinvecError('NotFound', `There is no object ${toAddress(upload)}.`);
  if (object.bytes === 0) throw new TwinvecError('EmptyBody', 'The object has no bytes.');
  if (object.bytes > LARGEST_INPUT_BYTES) {
    const problem = `The object has ${object.bytes} bytes; SageMaker takes at most ${LARGEST_INPUT_BYTES}.`;
    throw new TwinvecError('PayloadTooLarge', problem);
  }
  return object;
}

function isInside(upload: S3Uri, folder: S3Uri): boolean {
  return upload.bucket === folder.bucket && upload.key.startsWith(folder.key) && upload.key.length > folder.key.length;
}
