/** The output of an object while it is written: it appears when all of it is there, and otherwise never. */

import type { ObjectRun } from './object-run.ts';
import type { FinishedObject } from './report.ts';
import type { OutputObject, SourceObject } from './storage.ts';

/** Rejects with what `write` or the signal threw, the output discarded. */
export async function intoOutput(
  object: SourceObject,
  { sink, signal }: Pick<ObjectRun, 'sink' | 'signal'>,
  write: (output: OutputObject) => Promise<FinishedObject>,
): Promise<FinishedObject> {
  const output = await sink.create(object.outputName);
  try {
    const finished = await write(output);
    signal.throwIfAborted();
    await output.commit();
    return finished;
  } catch (error) {
    await output.discard();
    throw error;
  }
}
