/** Whether TensorFlow sees a GPU, and what follows where it has to. */
import { TwinvecError } from '#core/errors.ts';
import { requireBinding } from './native/binding.ts';
import type { EngineChoice, EngineKind } from './session.ts';

/** Of an engine that has opened a model. */
export function usesGpu(engine: EngineKind): boolean {
  return engine !== 'js' && requireBinding().isUsingGpuDevice();
}

/**
 * `TWINVEC_GPU=required`: on an instance that is paid for its GPU, serving from the host is a fault and not a fallback.
 *
 * @throws TwinvecError EngineUnavailable when the engine will see no GPU
 */
export function requireGpu(engine: EngineChoice): void {
  if (engine !== 'js' && requireBinding().isUsingGpuDevice()) return;
  const why = engine === 'js' ? 'the JavaScript engine uses none' : 'TensorFlow sees none';
  const advice = 'set TF_CPP_MIN_LOG_LEVEL=1 for its reason, or TWINVEC_GPU=optional to serve from the host';
  throw new TwinvecError('EngineUnavailable', `TWINVEC_GPU is required, and ${why}; ${advice}.`);
}
