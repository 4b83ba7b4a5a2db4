/**
 * Turns what TensorFlow says about a failed call into an error of the table: memory and a lost GPU apart from the rest,
 * file-system paths taken out.
 */
import { TwinvecError } from '#core/errors.ts';

/** The binding passes on TensorFlow's text but not its status code (tfjs_backend.cc RunSavedModel). */
const OUT_OF_MEMORY = /\bOOM\b|RESOURCE_EXHAUSTED|out of memory|failed to allocate|bad_alloc/i;
/**
 * Errors of CUDA's driver API after which, by its documentation, the process cannot use the device again ("the process
 * must be terminated and relaunched"), and a device that is not there any more (spec faults N6).
 */
const DEVICE_LOST =
  /CUDA_ERROR_(ILLEGAL_ADDRESS|ILLEGAL_INSTRUCTION|MISALIGNED_ADDRESS|INVALID_ADDRESS_SPACE|INVALID_PC|LAUNCH_FAILED|LAUNCH_TIMEOUT|HARDWARE_STACK_ERROR|ASSERT|ECC_UNCORRECTABLE|NVLINK_UNCORRECTABLE|CONTEXT_IS_DESTROYED|DEINITIALIZED|NO_DEVICE)\b/;
const BINDING_PREFIX = /^(Session fail to run with error|Failed to load SavedModel|Invalid TF_Status: \d+\s*Message): /;
const ABSOLUTE_PATH = /(^|[\s'"(=:])\/[^\s'",;)]+/g;
const LONGEST = 240;

export function runFailure(signature: string, cause: unknown): TwinvecError {
  const text = textOf(cause);
  const lost = DEVICE_LOST.exec(text)?.[0];
  if (lost !== undefined) {
    return new TwinvecError('EngineLost', `The GPU failed (${lost}), and the server is replaced. Retry.`, { cause });
  }
  if (OUT_OF_MEMORY.test(text)) {
    return new TwinvecError('OutOfMemory', `TensorFlow ran out of memory in ${signature}. Send less at a time.`, {
      cause,
    });
  }
  return new TwinvecError('ModelFailed', `TensorFlow failed in ${signature}: ${readable(text)}`, { cause });
}

export function loadFailure(cause: unknown): TwinvecError {
  const text = textOf(cause);
  if (OUT_OF_MEMORY.test(text))
    return new TwinvecError('OutOfMemory', 'The model does not fit into memory.', { cause });
  return new TwinvecError('InvalidArtifact', `TensorFlow cannot load the model: ${readable(text)}`, { cause });
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The first line, without the binding's own words, paths and length. */
function readable(text: string): string {
  const line = text.replace(BINDING_PREFIX, '').split('\n', 1)[0]!.replaceAll(ABSOLUTE_PATH, '$1(path)').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}
