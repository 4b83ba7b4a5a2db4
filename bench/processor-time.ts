/**
 * Processor time of processes: on a busy machine it says what work costs, where time on the clock says who else works.
 */
import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second (USER_HZ). */
const MS_PER_TICK = 10;

/** Milliseconds of all threads of a process, user and system, since it started. */
export function processorMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (user! + system!) * MS_PER_TICK;
}
