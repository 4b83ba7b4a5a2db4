/**
 * onnxruntime, where its package has a binary for this machine: the independent implementation that tests compare with
 * and benchmarks measure against. Tests say in their titles why it is missing where it is.
 */
import { createRequire } from 'node:module';
import type { Tensor } from '../../container/src/engine/session.ts';

/** What is used of onnxruntime-node. Its own types would keep a checkout without the package from being checked. */
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: Float32Array | Int32Array, shape: readonly number[]) => object;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { intraOpNumThreads: number; interOpNumThreads: number },
    ): Promise<{
      run(feeds: Readonly<Record<string, object>>): Promise<Readonly<Record<string, { readonly data: unknown }>>>;
      release(): Promise<void>;
    }>;
  };
}

export interface OnnxSession {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Float32Array>>>;
  close(): Promise<void>;
}

function findRuntime(): { readonly ort?: OnnxRuntime; readonly reason: string } {
  try {
    return { ort: createRequire(import.meta.url)('onnxruntime-node') as OnnxRuntime, reason: '' };
  } catch (cause) {
    const [line] = String(cause instanceof Error ? cause.message : cause).split('\n', 1);
    return { reason: `onnxruntime-node does not load: ${line}; run \`npm ci\`` };
  }
}

const runtime = findRuntime();

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
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  return {
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
        if (dtype !== 'float32' && dtype !== 'int32') throw new Error(`${name}: ${dtype} is not for these models`);
        return [name, new ort.Tensor(dtype, data, shape)];
      });
      const outputs = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
    },
    close: () => session.release(),
  };
}
