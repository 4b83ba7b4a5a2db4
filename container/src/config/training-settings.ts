/**
 * Every environment variable that `train` reads, in the order of docs/object2vec.md. Those that `serve` reads too are
 * the same settings.
 */
import { SERVING_SETTINGS } from './serving-settings.ts';
import { type Setting, wholeNumber } from './setting.ts';

export const TRAINING_SETTINGS = {
  baseDir: SERVING_SETTINGS.baseDir,
  engine: SERVING_SETTINGS.engine,
  runAs: SERVING_SETTINGS.runAs,
  dataMemoryMb: wholeNumber({
    name: 'TWINVEC_DATA_MEMORY_MB',
    fallback: undefined,
    defaultText: "a quarter of the machine's memory, or of its container's limit",
    min: 1,
    max: 16_777_216,
    doc: 'MiB that the rows of all channels may take in memory. Token ids beyond it go to a file in the base folder.',
  }),
  checkpointSeconds: wholeNumber({
    name: 'TWINVEC_CHECKPOINT_SECONDS',
    fallback: 600,
    min: 0,
    max: 86_400,
    doc: 'With a checkpoint folder: within an epoch, a checkpoint is written when the last is this old.',
  }),
} as const;

export function trainingSettings(): readonly Setting<unknown>[] {
  return Object.values(TRAINING_SETTINGS);
}
