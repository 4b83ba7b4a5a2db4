/** Records of JSON Lines files, plain or gzip, in blocks; lines that cannot be used say why, in their places. */
import { splitLines } from '#core/batch/split-lines.ts';
import { readBytes } from '../../container/src/object2vec/data/line-blocks.ts';
import type { InputFile } from '../prepare/input-files.ts';

export interface LabelledRecord {
  /** As JSON text: token ids, or whatever the model takes. */
  readonly in0: string;
  readonly in1: string;
  readonly label: number;
  /** `part-0.jsonl:17` */
  readonly place: string;
}

export type Candidate = Pick<LabelledRecord, 'in1' | 'place'>;

export interface BadRecord {
  readonly place: string;
  readonly reason: string;
}

/** Reads from the start each time that it is called; hears how many bytes were read so far. */
export type Reader<T> = (onRead?: (bytes: number) => void) => AsyncGenerator<readonly (T | BadRecord)[]>;

type Fields = Readonly<Record<string, unknown>>;

/** Records to evaluate: both inputs and a label. */
export function labelledRecords(files: readonly InputFile[]): Reader<LabelledRecord> {
  return reader<LabelledRecord>(files, ({ in0, in1, label }, place) => {
    if (in0 === undefined || in1 === undefined) return { place, reason: `has no ${in0 === undefined ? 'in0' : 'in1'}` };
    if (typeof label !== 'number') return { place, reason: 'has no label that is a number' };
    return { in0: JSON.stringify(in0), in1: JSON.stringify(in1), label, place };
  });
}

/** Candidates: `in1` alone counts. */
export function candidateRecords(files: readonly InputFile[]): Reader<Candidate> {
  return reader<Candidate>(files, ({ in1 }, place) =>
    in1 === undefined ? { place, reason: 'has no in1' } : { in1: JSON.stringify(in1), place },
  );
}

function reader<T>(files: readonly InputFile[], parse: (fields: Fields, place: string) => T | BadRecord): Reader<T> {
  return async function* read(onRead = () => undefined) {
    let before = 0;
    for (const file of files) {
      const chunks = readBytes(file, (bytes) => onRead(before + bytes));
      for await (const lines of splitLines(chunks)) {
        yield lines.map(({ bytes, line }) => {
          const place = `${file.name}:${line}`;
          const fields = objectIn(Buffer.from(bytes).toString('utf8'));
          return fields ? parse(fields, place) : { place, reason: 'is not a JSON object' };
        });
      }
      before += file.bytes;
    }
  };
}

function objectIn(text: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Fields) : undefined;
  } catch {
    return undefined;
  }
}

export function isBad(record: object): record is BadRecord {
  return 'reason' in record;
}
