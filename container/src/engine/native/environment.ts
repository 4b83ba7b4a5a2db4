/**
 * TensorFlow's settings come only from the process environment, read while its library is loaded. A worker thread's
 * `process.env` is a copy that TensorFlow does not see, so the main thread sets them before it starts a worker.
 */

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

/** Call in the main thread, before the library is loaded (TensorFlow's common_runtime/process_util.cc reads them). */
export function setTensorFlowThreads({ interOpThreads, intraOpThreads }: TensorFlowThreads, env = process.env): void {
  if (interOpThreads) env.TF_NUM_INTEROP_THREADS = String(interOpThreads);
  if (intraOpThreads) env.TF_NUM_INTRAOP_THREADS = String(intraOpThreads);
}
