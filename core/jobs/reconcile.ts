/**
 * What went in against what came out, file by file. A transform can end as Completed with records missing (spec faults
 * Q13), and nobody finds out unless somebody counts.
 */
export interface FileCounts {
  readonly input: string;
  readonly output: string;
  readonly recordsIn: number;
  /** Undefined when there is no output object. */
  readonly recordsOut: number | undefined;
  /** Lines of the output that stand for a record which could not be used. */
  readonly placeholders: number;
}

export interface Reconciliation {
  /** Every file has as many records out as in, placeholders are within the threshold, and the input is what it was. */
  readonly reconciled: boolean;
  /** Whether objects were added, removed or overwritten since the input was looked at first. */
  readonly inputChanged: boolean;
  readonly files: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly placeholders: number;
  /** Files whose counts differ: the first {@link MISMATCHES_SHOWN}. */
  readonly mismatches: readonly FileCounts[];
  readonly mismatchedFiles: number;
}

const MISMATCHES_SHOWN = 20;

export interface ReconcileRules {
  readonly maxPlaceholders: number;
  readonly inputChanged: boolean;
}

export function reconcile(
  files: readonly FileCounts[],
  { maxPlaceholders, inputChanged }: ReconcileRules,
): Reconciliation {
  const mismatches = files.filter(hasFailed);
  const placeholders = sum(files, (file) => file.placeholders);
  return {
    reconciled: files.length > 0 && mismatches.length === 0 && placeholders <= maxPlaceholders && !inputChanged,
    inputChanged,
    files: files.length,
    recordsIn: sum(files, (file) => file.recordsIn),
    recordsOut: sum(files, (file) => file.recordsOut ?? 0),
    placeholders,
    mismatches: mismatches.slice(0, MISMATCHES_SHOWN),
    mismatchedFiles: mismatches.length,
  };
}

/** Whether the file has no output, or one with another number of records. */
export function hasFailed({
  recordsIn,
  recordsOut,
}: {
  readonly recordsIn: number;
  readonly recordsOut?: number | undefined;
}): boolean {
  return recordsIn !== recordsOut;
}

function sum(files: readonly FileCounts[], of: (file: FileCounts) => number): number {
  return files.reduce((total, file) => total + of(file), 0);
}
