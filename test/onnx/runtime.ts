/**
 * onnxruntime, where its package has a binary for this machine: the independent implementation that tests compare with
 * and benchmarks measure against. Tests say in their titles why it is missing where it is.
 */
import type { InferenceSession } from 'onnxruntime-node';
import type { Tensor } from '../../container/src/engine/session.ts';

type OnnxRuntime = typeof import('onnxruntime-node');

export interface OnnxSession {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Float32Array>>>;
  close(): Promise<void>;
}

async function findRuntime(): Promise<{ readonly ort?: OnnxRuntime; readonly reason: string }> {
  try {
    return { ort: (await import('onnxruntime-node')).default, reason: '' };
  } catch (cause) {
    const [line] = String(cause instanceof Error ? cause.message : cause).split('\n', 1);
    return { reason: `onnxruntime-node does not load: ${line}` };
  }
}

const runtime = await findRuntime();

export const onnxRuntime = {
  available: runtime.ort !== undefined,
  reason: runtime.reason,
  /** For titles: ` (skipped: <reason>)`, or empty. */
  note: runtime.ort ? '' : ` (skipped: ${runtime.reason})`,
} as const;

/** Opens a model on the CPU. Runs block this thread, though they answer a promise. */
export async function openOnnxSession(model: Uint8Array, threads: number): Promise<OnnxSession> {
  const { ort } = runtime;
  if (!ort) throw new Error(runtime.reason);
  const options: InferenceSession.SessionOptions = { intraOpNumThreads: threads, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(model, options);
  return {
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
        if (dtype === 'string') throw new Error(`${name}: text is not for these models`);
        return [name, dtype === 'int32' ? new ort.Tensor(dtype, data, shape) : new ort.Tensor(dtype, data, shape)];
      });
      const outputs = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
    },
    close: () => session.release(),
  };
}
