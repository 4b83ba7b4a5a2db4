/** Runs the real `train` process on generated data and watches its memory from outside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createRandomDraws } from '#core/random/random-draws.ts';

const MAIN = fileURLToPath(new URL('../container/src/main.ts', import.meta.url));
const SAMPLE_MS = 50;
const ROWS_PER_WRITE = 2000;

export interface GeneratedRows {
  readonly rows: number;
  readonly vocabulary: number;
  /** Tokens of each side: from `shortest` to `longest`, each length equally likely. */
  readonly shortest: number;
  readonly longest: number;
}

export async function layOutJob(
  baseDir: string,
  channels: Readonly<Record<string, GeneratedRows>>,
  hyperparameters: Readonly<Record<string, string>>,
): Promise<void> {
  mkdirSync(join(baseDir, 'input/config'), { recursive: true });
  writeFileSync(join(baseDir, 'input/config/hyperparameters.json'), JSON.stringify(hyperparameters));
  for (const [channel, generated] of Object.entries(channels)) {
    mkdirSync(join(baseDir, 'input/data', channel), { recursive: true });
    const file = createWriteStream(join(baseDir, 'input/data', channel, 'rows.jsonl'));
    await pipeline(Readable.from(jsonLines(generated)), file);
  }
}

function* jsonLines({ rows, vocabulary, shortest, longest }: GeneratedRows): Generator<string> {
  const random = createRandomDraws({ seed: 1, stream: rows, turn: 0 });
  const ids = (): string => {
    const length = shortest + random.below(longest - shortest + 1);
    return Array.from({ length }, () => random.below(vocabulary)).join();
  };
  for (let from = 0; from < rows; from += ROWS_PER_WRITE) {
    const count = Math.min(ROWS_PER_WRITE, rows - from);
    const line = () => `{"label":${random.below(2)},"in0":[${ids()}],"in1":[${ids()}]}\n`;
    yield Array.from({ length: count }, line).join('');
  }
}

/** What the process is doing, as its staging folder shows it; TensorFlow's copy before a save counts as training. */
export type Phase = 'reading and initial weights' | 'training' | 'saving' | 'model and test scores';

export interface WatchedTraining {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** VmHWM, of the whole process. */
  readonly peakBytes: number;
  /** Largest VmRSS seen in each phase, and how long it lasted. */
  readonly phases: ReadonlyMap<Phase, { readonly peakBytes: number; readonly seconds: number }>;
}

export interface WatchOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** SIGTERM is sent once this is in the standard output: the job then makes a model of what it has. */
  readonly stopAt?: string;
  /** Memory that the process can allocate (`ulimit -d`). */
  readonly limitBytes?: number;
}

export async function watchTraining(baseDir: string, options: WatchOptions = {}): Promise<WatchedTraining> {
  const started = performance.now();
  const limit = options.limitBytes === undefined ? 'unlimited' : String(Math.floor(options.limitBytes / 1024));
  const child = spawn('bash', ['-c', `ulimit -d ${limit}; exec "$0" "$1" train`, process.execPath, MAIN], {
    env: { ...process.env, ...options.variables, SAGEMAKER_BASE_DIR: baseDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (options.stopAt && !child.killed && stdout.includes(options.stopAt)) child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const phases = new Map<Phase, { peakBytes: number; seconds: number }>();
  let peakBytes = 0;
  const timer = setInterval(() => {
    const memory = memoryOf(child.pid!);
    if (!memory) return;
    peakBytes = Math.max(peakBytes, memory.peak);
    const phase = phaseOf(baseDir);
    const before = phases.get(phase) ?? { peakBytes: 0, seconds: 0 };
    phases.set(phase, {
      peakBytes: Math.max(before.peakBytes, memory.now),
      seconds: before.seconds + SAMPLE_MS / 1000,
    });
  }, SAMPLE_MS);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  clearInterval(timer);
  return { exitCode, stdout, stderr, seconds: (performance.now() - started) / 1000, peakBytes, phases };
}

/** Resident bytes now and at most so far; undefined when the process has ended. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
  } catch {
    return undefined;
  }
}

function phaseOf(baseDir: string): Phase {
  const staging = readdirSync(baseDir).find((name) => name.startsWith('.twinvec-training-'));
  if (!staging && existsSync(join(baseDir, 'model'))) return 'model and test scores';
  const holds = (folder: string): boolean =>
    staging !== undefined &&
    existsSync(join(baseDir, staging, folder)) &&
    readdirSync(join(baseDir, staging, folder)).length > 0;
  if (!staging || !existsSync(join(baseDir, staging, 'work')) || holds('work')) return 'reading and initial weights';
  if (holds('model')) return 'model and test scores';
  return holds('weights') ? 'saving' : 'training';
}

export function folderBytes(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
