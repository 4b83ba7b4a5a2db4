/** What a transform did: the figures of its summary, and every object and record that did not go through. */
import type { TransformSettings } from '#core/batch/settings.ts';
import type { Blame } from './failure.ts';

export interface TransformReport {
  readonly settings: TransformSettings;
  readonly objects: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly retries: number;
  /** Records whose line in the output is an error. */
  readonly placeholders: number;
  /** The first {@link LISTED_PLACEHOLDERS} of them. */
  readonly listedPlaceholders: readonly PlaceholderPlace[];
  readonly failures: readonly ObjectFailure[];
  /** The transform was stopped before its end. */
  readonly stopped: boolean;
}

export interface PlaceholderPlace {
  readonly object: string;
  /** One-based line in the input object, or where there are no lines the count of the record. */
  readonly line: number;
  readonly text: string;
}

/** An object without output, and why. */
export interface ObjectFailure {
  readonly object: string;
  readonly blame: Blame;
  readonly cause: string;
}

export const LISTED_PLACEHOLDERS = 1000;

/** What is known while a transform runs. */
export interface TransformProgress {
  readonly objects: number;
  readonly records: number;
  readonly bytesIn: number;
  readonly retries: number;
}

/** Adds up as objects and mini-batches end. */
export function createTally() {
  const sums = { objects: 0, recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0, retries: 0, placeholders: 0 };
  const listedPlaceholders: PlaceholderPlace[] = [];
  const failures: ObjectFailure[] = [];
  return {
    addRetry() {
      sums.retries += 1;
    },
    addBytesIn(bytes: number) {
      sums.bytesIn += bytes;
    },
    /** Records of an object that has its output; those of a failed object do not count as out. */
    addObject(object: FinishedObject) {
      sums.objects += 1;
      sums.recordsIn += object.recordsIn;
      sums.recordsOut += object.recordsOut;
      sums.bytesOut += object.bytesOut;
      sums.placeholders += object.placeholders;
      listedPlaceholders.push(...object.listedPlaceholders.slice(0, LISTED_PLACEHOLDERS - listedPlaceholders.length));
    },
    addFailure(failure: ObjectFailure) {
      sums.objects += 1;
      failures.push(failure);
    },
    progress(recordsUnderWay: number): TransformProgress {
      return { objects: sums.objects, records: recordsUnderWay, bytesIn: sums.bytesIn, retries: sums.retries };
    },
    report(settings: TransformSettings, stopped: boolean): TransformReport {
      return { settings, ...sums, listedPlaceholders, failures, stopped };
    },
  };
}

export type Tally = ReturnType<typeof createTally>;

export interface FinishedObject {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesOut: number;
  readonly placeholders: number;
  readonly listedPlaceholders: readonly PlaceholderPlace[];
}
