/** How much memory there is for this process. */
import { totalmem } from 'node:os';

/** What this process may use at most: the machine's memory, or less where its control group has a limit. */
export function memoryOfProcess(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
