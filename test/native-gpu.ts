/**
 * Whether TensorFlow sees a GPU here. Tests of what only a GPU does say in their titles why they are skipped elsewhere.
 */
import { requireBinding } from '../container/src/engine/native/binding.ts';
import { nativeEngine } from './native-engine.ts';

const reason = nativeEngine.available ? 'TensorFlow sees no GPU' : nativeEngine.reason;
const available = nativeEngine.available && requireBinding().isUsingGpuDevice();

export const nativeGpu = { available, note: available ? '' : ` (skipped: ${reason})` } as const;
