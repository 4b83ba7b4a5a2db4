/**
 * TensorFlow's settings come only from the process environment, read while its library is loaded. A worker thread's
 * `process.env` is a copy that TensorFlow does not see, so the main thread sets them before it starts a worker.
 */

import { spawnSync } from 'node:child_process';

/** The driver's tool takes a second where it has to wake the GPU. */
const DRIVER_MS = 10_000;

/** Values for a process in which the user has set none. */
const DEFAULTS: Readonly<Record<string, string>> = {
  // Errors only: the rest would stand between our log lines, and its warnings repeat what failed runs throw. Where a
  // GPU is not found, 1 shows TensorFlow's reason.
  TF_CPP_MIN_LOG_LEVEL: '2',
};

/** Call before the library is loaded. */
export function setTensorFlowDefaults(env: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(DEFAULTS)) env[name] ??= value;
}

export interface TensorFlowThreads {
  /** Threads that run operations beside each other; undefined is TensorFlow's choice. */
  readonly interOpThreads: number | undefined;
  /** Threads within one operation. */
  readonly intraOpThreads: number | undefined;
}

export const TENSORFLOWS_CHOICE: TensorFlowThreads = { interOpThreads: undefined, intraOpThreads: undefined };

export interface GpuMemory {
  /** The part of its memory to leave to others; undefined is TensorFlow's choice. */
  readonly gpuMemoryMargin: number | undefined;
}

/**
 * Call in the main thread, before the library is loaded. TensorFlow's own variable counts MiB (common_runtime/gpu,
 * gpu_device.cc), so that the GPU has to be asked for its size; without a driver's tool there is no GPU to leave free.
 */
export function setGpuMemoryMargin({ gpuMemoryMargin }: GpuMemory, totalMib = gpuMemoryMib, env = process.env): void {
  if (gpuMemoryMargin === undefined) return;
  const mib = Math.max(0, ...totalMib());
  if (mib > 0) env.TF_DEVICE_MIN_SYS_MEMORY_IN_MB = String(Math.round(gpuMemoryMargin * mib));
}

/** Memory of each GPU that the driver shows; none where there is no driver. */
function gpuMemoryMib(): readonly number[] {
  const query = ['--query-gpu=memory.total', '--format=csv,noheader,nounits'];
  const { stdout, status } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: DRIVER_MS });
  if (status !== 0) return [];
  return stdout.split('\n').map(Number).filter(Number.isFinite);
}

/**
 * Call in the main thread, before the library is loaded (TensorFlow's common_runtime/process_util.cc reads them).
 *
 * @param wanted what the user asks for, which is stronger than TensorFlow's own variables
 * @param best what suits the model, where neither says anything
 */
export function setTensorFlowThreads(wanted: TensorFlowThreads, best: TensorFlowThreads, env = process.env): void {
  const set = (name: string, asked: number | undefined, suiting: number | undefined) => {
    if (asked) env[name] = String(asked);
    else if (suiting) env[name] ??= String(suiting);
  };
  set('TF_NUM_INTEROP_THREADS', wanted.interOpThreads, best.interOpThreads);
  set('TF_NUM_INTRAOP_THREADS', wanted.intraOpThreads, best.intraOpThreads);
}
