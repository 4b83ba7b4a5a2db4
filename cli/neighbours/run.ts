/** `twinvec neighbours` at work: candidates in memory, queries as a stream, one answer line for each query line. */
import { TwinvecError } from '#core/errors.ts';
import { findNearest, type Matrix, type Metric, toUnitRows } from '#core/object2vec/nearest.ts';
import { createProgress, type TextSink } from '#core/terminal/progress.ts';
import {
  type EmbeddingFile,
  type EmbeddingLine,
  GrowingMatrix,
  openEmbeddings,
  readEmbeddings,
} from './embedding-lines.ts';

export interface NeighbourSettings {
  readonly embeddings: string;
  /** Absent: every embedding asks for its neighbours among the others. */
  readonly queries?: string;
  readonly k: number;
  readonly metric: Metric;
}

interface Candidates {
  readonly matrix: Matrix;
  /** The line, from 0, that each row of the matrix came from: lines that are errors have no row. */
  readonly records: readonly number[];
}

/**
 * Yields text of whole lines: `{"neighbours":[{"record":7,"score":0.93},...]}`, best first. `record` counts the lines of the
 * embeddings from 0, blank ones left out. A query that is a placeholder, `{"error":...}`, is passed on in its place.
 *
 * @throws TwinvecError naming file and line of what is not an embedding
 */
export async function* neighbourLines(settings: NeighbourSettings, sink: TextSink): AsyncGenerator<string> {
  const source = await openEmbeddings(settings.embeddings);
  const queries = settings.queries === undefined ? source : await openEmbeddings(settings.queries);
  const candidates = await readCandidates(source, settings.metric, sink);
  const progress = createProgress({ label: 'searching', total: queries.bytes, unit: 'bytes', sink });
  let before = 0;
  for await (const lines of readEmbeddings(queries, (bytes) => progress.update(bytes))) {
    yield answer(lines, before, candidates, settings, queries);
    before += lines.length;
  }
  progress.finish();
}

async function readCandidates(file: EmbeddingFile, metric: Metric, sink: TextSink): Promise<Candidates> {
  const progress = createProgress({ label: 'reading embeddings', total: file.bytes, unit: 'bytes', sink });
  const growing = new GrowingMatrix();
  let record = 0;
  for await (const lines of readEmbeddings(file, (bytes) => progress.update(bytes))) {
    for (const line of lines) {
      if ('values' in line) growing.add(record, line.values);
      record += 1;
    }
  }
  progress.finish();
  const matrix = growing.toMatrix();
  if (matrix.rows === 0) throw new TwinvecError('InvalidRecord', `${file.name} holds no embeddings.`);
  return { matrix: metric === 'cosine' ? toUnitRows(matrix) : matrix, records: growing.records };
}

/** @param before query lines that came before these */
function answer(
  lines: readonly EmbeddingLine[],
  before: number,
  { matrix, records }: Candidates,
  { queries, k, metric }: NeighbourSettings,
  file: EmbeddingFile,
): string {
  const growing = new GrowingMatrix();
  for (const [at, line] of lines.entries()) if ('values' in line) growing.add(before + at, line.values);
  const asked = growing.toMatrix();
  if (asked.rows > 0 && asked.width !== matrix.width) {
    const message = `${file.name} has embeddings of width ${asked.width}; the candidates' is ${matrix.width}.`;
    throw new TwinvecError('InvalidRecord', message);
  }
  const isOther = (query: number, candidate: number) => growing.records[query] !== records[candidate];
  const unit = metric === 'cosine' ? toUnitRows(asked) : asked;
  const found = findNearest(unit, matrix, k, queries === undefined ? { isCandidate: isOther } : {}).values();
  return lines
    .map((line) => {
      if ('error' in line) return `${JSON.stringify({ error: line.error })}\n`;
      const neighbours = found.next().value!.map(({ record, score }) => ({
        record: records[record]!,
        score: Number(Math.fround(score).toPrecision(9)),
      }));
      return `${JSON.stringify({ neighbours })}\n`;
    })
    .join('');
}
