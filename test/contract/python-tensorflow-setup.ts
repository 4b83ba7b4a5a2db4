/**
 * Python TensorFlow as a judge of our files: finds or installs it (once, in Twinvec's cache) and asks it for answers.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tellingLine } from '../../container/src/engine/native/run-program.ts';
import type { NamedTensors, Tensor } from '../../container/src/engine/session.ts';
import { pythonPackages } from '../python-packages.ts';

const VERSION = '2.21.0';
const SCRIPT = fileURLToPath(new URL('python_tensorflow.py', import.meta.url));

export interface PythonTensorFlow {
  readonly available: boolean;
  /** For titles: ` (skipped: <reason>)`, or empty. */
  readonly note: string;
}

/** Installs Python TensorFlow when it is not there yet (about a minute). Never throws. */
export async function findPythonTensorFlow(): Promise<PythonTensorFlow> {
  try {
    judge = await startJudge(await pythonPackages(`tensorflow-cpu-${VERSION}`, [`tensorflow-cpu==${VERSION}`]));
    return { available: true, note: '' };
  } catch (failure) {
    return { available: false, note: ` (skipped: ${failure instanceof Error ? failure.message : failure})` };
  }
}

/** The answer of Python TensorFlow to one call of a signature of a SavedModel folder. */
export async function predictInPython(
  savedModelDir: string,
  signature: string,
  inputs: NamedTensors,
): Promise<NamedTensors> {
  const outputs = await ask({ do: 'predict', model: savedModelDir, signature, inputs: mapValues(inputs, encode) });
  return mapValues(outputs as Record<string, EncodedTensor>, decode);
}

/** Lets Python TensorFlow save a model of its own: `y = x . [2, 3] + 1`, signature `serving_default`. */
export async function saveLineInPython(savedModelDir: string): Promise<void> {
  await ask({ do: 'save', model: savedModelDir });
}

/**
 * Lets Python TensorFlow save a model with a vocabulary file among its assets: a word's line number plus 2^60 as
 * `ids`, half of `weights` (float64), the negation of `any`, of any shape.
 */
export async function saveWordsInPython(savedModelDir: string, wordsFile: string): Promise<void> {
  await ask({ do: 'save_words', model: savedModelDir, words: wordsFile });
}

/** Lets it save a model whose signature `plain` only computes; `count` writes a variable in a branch, `noise` draws numbers. */
export async function saveEffectsInPython(savedModelDir: string): Promise<void> {
  await ask({ do: 'save_effects', model: savedModelDir });
}

interface EncodedTensor {
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
  readonly data: string | readonly string[];
}

/** The Python process that answers, one request at a time. It ends by itself when this process does. */
interface Judge {
  readonly process: ChildProcessWithoutNullStreams;
  readonly nextLine: () => Promise<string>;
}

let judge: Judge | undefined;

/** Resolves when Python has loaded TensorFlow. */
async function startJudge(packages: string): Promise<Judge> {
  const env = { ...process.env, PYTHONPATH: packages, TF_CPP_MIN_LOG_LEVEL: '3' };
  const python = spawn('python3', [SCRIPT], { env });
  let complaints = '';
  python.stderr.on('data', (chunk) => {
    complaints = `${complaints}${chunk}`.slice(-20_000);
  });
  const ended = new Promise<never>((_, reject) => {
    python.on('error', reject);
    python.on('close', () => reject(new Error(`Python cannot go on: ${tellingLine(complaints)}`)));
  });
  ended.catch(() => {});
  const lines = createInterface(python.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => String((await Promise.race([lines.next(), ended])).value);
  if ((await nextLine()) !== 'ready') await ended;
  return { process: python, nextLine };
}

async function ask(request: unknown): Promise<unknown> {
  if (judge === undefined) throw new Error('This is a bug: findPythonTensorFlow was not called, or found nothing');
  judge.process.stdin.write(`${JSON.stringify(request)}\n`);
  const answer = JSON.parse(await judge.nextLine()) as { failure?: unknown };
  if (typeof answer.failure === 'string') throw new Error(`Python TensorFlow failed: ${answer.failure}`);
  return answer;
}

function encode({ dtype, shape, data }: Tensor): EncodedTensor {
  if (dtype === 'string') return { dtype, shape, data: data.map((text) => Buffer.from(text).toString('base64')) };
  return { dtype, shape, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') };
}

function decode({ dtype, shape, data }: EncodedTensor): Tensor {
  if (dtype === 'string') return { dtype, shape, data: [data].flat().map((text) => Buffer.from(text, 'base64')) };
  const { buffer } = Uint8Array.from(Buffer.from(String(data), 'base64'));
  if (dtype === 'int32') return { dtype, shape, data: new Int32Array(buffer) };
  if (dtype === 'float32') return { dtype, shape, data: new Float32Array(buffer) };
  throw new Error(`Python TensorFlow answered in ${dtype}, which these tests do not use`);
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
