/**
 * Whose fault a failed run of a user's model is. Its graph decides at run time what it takes (an image that does not
 * decode, a string that is no number), so a failure is the request's unless TensorFlow's words say otherwise.
 */
import { TwinvecError } from '#core/errors.ts';

/** Kernels that are missing, devices that fail, and state that loading should have made. */
const OURS =
  /No OpKernel|not registered|unimplemented|uninitialized|not initialized|does not exist|CUDA|cuDNN|cuBLAS|device|aborted|cancelled/i;

export function explainRunFailure(error: TwinvecError): TwinvecError {
  if (error.code !== 'ModelFailed' || OURS.test(error.message)) return error;
  return new TwinvecError('ModelRefused', error.message, { cause: error });
}
