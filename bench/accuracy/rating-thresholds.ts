/**
 * Ratings as questions of classification: "at least 4 stars?", asked of every rating for several thresholds. The threshold
 * is a token on both sides, so that one network answers all questions and learns from the whole rating, where a yes or no
 * at one threshold tells it less.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

interface Rating {
  readonly in0: readonly number[];
  readonly in1: readonly number[];
  readonly label: number;
}

export interface Thresholds {
  /** Each rating becomes one record for each of them, labelled 1 where it is at least that. */
  readonly values: readonly number[];
  /** The ids of a threshold's tokens are these plus the threshold. */
  readonly firstIds: { readonly in0: number; readonly in1: number };
}

/** Writes the records of a channel file, as a stream. */
export async function writeThresholdRecords(ratings: string, file: string, thresholds: Thresholds): Promise<void> {
  const lines = createInterface({ input: createReadStream(ratings) });
  await pipeline(Readable.from(recordLines(lines, thresholds)), createWriteStream(file));
}

async function* recordLines(lines: AsyncIterable<string>, { values, firstIds }: Thresholds): AsyncIterable<string> {
  for await (const line of lines) {
    const { in0, in1, label } = JSON.parse(line) as Rating;
    const records = values.map((value) => ({
      in0: [...in0, firstIds.in0 + value],
      in1: [...in1, firstIds.in1 + value],
      label: Number(label >= value),
    }));
    yield `${records.map((record) => JSON.stringify(record)).join('\n')}\n`;
  }
}
