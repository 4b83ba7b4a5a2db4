/**
 * Messages between the pool and an engine worker. Typed arrays travel by transfer where they own their buffer.
 */
import type { ErrorCode } from '#core/errors.ts';
import type { EngineCall, EngineResult, WarmUpCall } from './engine-call.ts';
import type { EngineChoice, EngineKind } from './session.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** URL of a module exporting `openSession(modelDir, engine, log, sessionData)`. */
  readonly sessionModule: string;
  readonly modelDir: string;
  /** What the served model gives to `openSession`. */
  readonly sessionData?: unknown;
  readonly engine: EngineChoice;
  /** Whether a model that would not run on a GPU is not opened at all. */
  readonly requiresGpu?: boolean;
  /** Calls to make before the worker counts as ready: first calls are slow, and a broken model shows at once. */
  readonly warmUp: readonly WarmUpCall[];
}

/** What a worker computes with. */
export interface Runs {
  readonly engine: EngineKind;
  readonly onGpu: boolean;
}

/** `close` comes after every call: the worker frees its model and ends. */
export type ToWorker = { readonly id: number; readonly call: EngineCall } | 'close';

export type FromWorker =
  | { readonly type: 'ready'; readonly runs: Runs; readonly signatures: readonly string[] }
  /** Loading or warming up failed: the model is missing or broken. */
  | { readonly type: 'broken'; readonly error: WorkerError }
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'done'; readonly id: number; readonly result: EngineResult }
  | { readonly type: 'failed'; readonly id: number; readonly error: WorkerError };

/** A TwinvecError without its class, which structured cloning drops. */
export interface WorkerError {
  readonly code: ErrorCode;
  /** For callers: no path, no stack. */
  readonly message: string;
  /** For the log only. */
  readonly cause: string;
}
