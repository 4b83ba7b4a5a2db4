/**
 * Preferred signatures on the GPU, the others on the host: whether there is anything to do, and a folder with the
 * rewritten model for TensorFlow to load.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { placeSignatures } from '../../savedmodel/place-signatures.ts';

/** What a caller wants. */
export interface Preference {
  /** Signatures whose weights are to be on the GPU; those of the others are then on the host only. */
  readonly signatures: readonly string[];
  /** Told in one line what came of it. */
  readonly log: (line: string) => void;
}

/** Says what will be done and answers whether the model has to be split. */
export function decideSplit({ signatures, log }: Preference, hasGpu: boolean): boolean {
  log(
    hasGpu
      ? `On the GPU: ${signatures.join(', ')}. The other signatures and weights of their own are on the host.`
      : 'TensorFlow sees no GPU: all signatures are on the host, and none is preferred.',
  );
  return hasGpu;
}

/**
 * Calls `load` with a folder that holds the split model beside the same variables. The folder is there only during the
 * call, which is enough for TensorFlow.
 */
export function withSplitModel<T>(savedModelDir: string, signatures: readonly string[], load: (dir: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'twinvec-placed-'));
  try {
    const bytes = placeSignatures(readFileSync(join(savedModelDir, 'saved_model.pb')), new Set(signatures));
    writeFileSync(join(folder, 'saved_model.pb'), bytes);
    symlinkSync(resolve(savedModelDir, 'variables'), join(folder, 'variables'));
    return load(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
