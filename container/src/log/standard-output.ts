/**
 * Standard output for lines that may wait. A write into a full pipe would hold a thread of Node's pool, which the process
 * waits for when it ends: with nobody to read the pipe it would never end (spec faults P4).
 */
import { constants, fstatSync, openSync } from 'node:fs';

const STDOUT = 1;

/** A descriptor that never blocks, where standard output is a pipe and the system can open it anew; else itself. */
export function standardOutput(): number {
  if (!fstatSync(STDOUT).isFIFO()) return STDOUT;
  try {
    // Only what is opened anew has flags of its own; those of a pipe are shared with whoever else writes into it.
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return STDOUT;
  }
}
