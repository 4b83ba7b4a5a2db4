/** How much memory a process holds, as Linux tells it. */
import { readFileSync } from 'node:fs';

const RESIDENT = /^VmRSS:\s+(\d+) kB$/m;

/** Bytes in memory; undefined where the system does not say (not Linux) or the process is gone. */
export function residentBytes(pid: number): number | undefined {
  try {
    const [, kibibytes] = RESIDENT.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
