/**
 * What was found in an input: counts of everything, and the first problems in full. The report stays small however
 * bad the input is.
 */
import * as z from 'zod';
import { ERRORS, type ErrorCode } from '#core/errors.ts';

const count = z.int().min(0);

const Problem = z.object({
  /** `s3://bucket/key` of the object, or the prefix itself. */
  object: z.string(),
  /** One-based. */
  line: count.optional(),
  /** Where the record starts in the object, after unpacking. */
  byteOffset: count.optional(),
  code: z.string().refine((code): code is ErrorCode => Object.hasOwn(ERRORS, code)),
  message: z.string(),
});

export type Problem = Readonly<z.infer<typeof Problem>>;

/** A schema, because the reports of parts come back as events to be merged. */
export const ValidationReport = z.object({
  /** Whether a transform may start. */
  accepted: z.boolean(),
  /** Whether every byte was read: false for a sample, and where the byte budget ended first. */
  complete: z.boolean(),
  objects: count,
  records: count,
  /** As they are stored. */
  bytes: count,
  /** Records that a transform would turn into placeholders. */
  badRecords: count,
  /** Faults that would cost whole objects or the whole job, whatever the threshold. */
  fatalProblems: count,
  /** The first {@link PROBLEMS_SHOWN}, in the order of the input. */
  problems: z.array(Problem),
});

export type ValidationReport = Readonly<z.infer<typeof ValidationReport>>;

const PROBLEMS_SHOWN = 20;
/** Of one part, so that those of a hundred fit into what a state machine may pass on. */
const PART_REPORT_BYTES = 2_000;

/** The counts in full, and of the problems as many as there is room for. */
export function asPartReport(report: ValidationReport): ValidationReport {
  const shown = [...report.problems];
  const cut = () => ({ ...report, problems: shown });
  while (shown.length > 0 && Buffer.byteLength(JSON.stringify(cut())) > PART_REPORT_BYTES) shown.pop();
  return cut();
}

export class ReportBuilder {
  readonly #shown: Problem[] = [];
  #objects = 0;
  #records = 0;
  #bytes = 0;
  #badRecords = 0;
  #fatalProblems = 0;
  #complete = true;

  countObject(bytes: number): void {
    this.#objects += 1;
    this.#bytes += bytes;
  }

  /** Something of the input was not read. */
  noteIncomplete(): void {
    this.#complete = false;
  }

  /** What was found in another part of the input. */
  add({ objects, bytes, records, badRecords, fatalProblems, complete, problems }: ValidationReport): void {
    this.#objects += objects;
    this.#bytes += bytes;
    this.#records += records;
    this.#badRecords += badRecords;
    this.#fatalProblems += fatalProblems;
    this.#complete &&= complete;
    for (const problem of problems) this.#show(problem);
  }

  countRecord(): void {
    this.#records += 1;
  }

  addBadRecord(problem: Problem): void {
    this.#badRecords += 1;
    this.#show(problem);
  }

  addFatal(problem: Problem): void {
    this.#fatalProblems += 1;
    this.#show(problem);
  }

  build(maxBadRecords: number): ValidationReport {
    return {
      accepted: this.#fatalProblems === 0 && this.#badRecords <= maxBadRecords,
      complete: this.#complete,
      objects: this.#objects,
      records: this.#records,
      bytes: this.#bytes,
      badRecords: this.#badRecords,
      fatalProblems: this.#fatalProblems,
      problems: this.#shown,
    };
  }

  #show(problem: Problem): void {
    if (this.#shown.length < PROBLEMS_SHOWN) this.#shown.push(problem);
  }
}
