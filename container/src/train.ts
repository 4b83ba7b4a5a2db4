/**
 * `train`: a SageMaker training job in this process. What goes wrong ends up in `output/failure`, which SageMaker shows
 * as the job's FailureReason, and in the exit code (AWS developer guide, your-algorithms-training-signal-success-failure).
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERRORS, TwinvecError, toTwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { SettingsReader } from './config/setting.ts';
import { TRAINING_SETTINGS } from './config/training-settings.ts';
import { listenForStop } from './object2vec/training/stop-request.ts';
import { trainModel } from './object2vec/training/train-model.ts';
import { becomeTrainer } from './process-user.ts';

/**
 * Trains as `SAGEMAKER_BASE_DIR` (/opt/ml) says and writes the model folder there. Never throws.
 * @returns the exit code: 0 also when SIGTERM ended the job early, 1 after a failure
 */
export async function runTraining(environment: NodeJS.ProcessEnv): Promise<number> {
  const reader = new SettingsReader(environment);
  const baseDir = reader.read(TRAINING_SETTINGS.baseDir);
  const engine = reader.read(TRAINING_SETTINGS.engine);
  const runAs = reader.read(TRAINING_SETTINGS.runAs);
  const dataMemoryMb = reader.read(TRAINING_SETTINGS.dataMemoryMb);
  const checkpointSeconds = reader.read(TRAINING_SETTINGS.checkpointSeconds);
  const stop = listenForStop();
  try {
    if (reader.problems.length > 0) throw new TwinvecError('InvalidConfiguration', reader.problems.join('; '));
    const { stdout, stderr } = process;
    const keptRoot = await becomeTrainer(runAs, baseDir);
    if (keptRoot !== undefined) stderr.write(`Training runs as root: ${keptRoot}.\n`);
    await trainModel({ baseDir, engine, dataMemoryMb, checkpointSeconds, stop, stdout, stderr });
    return 0;
  } catch (error) {
    await reportFailure(baseDir, error);
    return 1;
  } finally {
    stop.dispose();
  }
}

async function reportFailure(baseDir: string, thrown: unknown): Promise<void> {
  const reason = failureReason(thrown);
  // The log has room for all of it; the file only for what SageMaker shows.
  process.stderr.write(`${reason}\n`);
  const bug = toTwinvecError(thrown).code === 'Internal';
  if (bug && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
  try {
    await writeFailureFile(join(baseDir, 'output'), cut(reason));
  } catch (error) {
    process.stderr.write(`output/failure cannot be written (${(error as NodeJS.ErrnoException).code}).\n`);
  }
}

/** Whole or not at all, also on a full disk. */
async function writeFailureFile(outputDir: string, reason: string): Promise<void> {
  await mkdir(outputDir, { recursive: true });
  const partial = join(outputDir, '.failure.partial');
  try {
    await writeFile(partial, reason);
    await rename(partial, join(outputDir, 'failure'));
  } finally {
    await rm(partial, { force: true });
  }
}

/** SageMaker's own algorithms begin with whose fault it is: `ClientError: ` or `AlgorithmError: `. */
function failureReason(thrown: unknown): string {
  const error = toTwinvecError(thrown);
  const whose = ERRORS[error.code].fault === 'caller' ? 'ClientError' : 'AlgorithmError';
  // The reader of this file owns the job: unlike a caller over HTTP, they may see what broke inside.
  const message = error.code === 'Internal' && thrown instanceof Error ? thrown.message : error.message;
  return `${whose}: ${message}`;
}

function cut(reason: string): string {
  const limit = LIMITS.failureFile.value;
  return reason.length <= limit ? reason : `${reason.slice(0, limit - 3)}...`;
}
