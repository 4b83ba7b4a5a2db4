/**
 * A decoded Object2Vec request as a job: rows of flat token ids that can be sliced and merged with others of the same
 * mode without an object per row.
 */
import type { InferenceMode } from '#core/object2vec/inference-request.ts';
import type { NeighbourWish } from '#core/object2vec/neighbour-wish.ts';
import { concatTokenRows, rowOfEachId, type TokenRows } from '#core/object2vec/token-rows.ts';
import type { CallBudget, Job, Slice } from '../../batching/job.ts';
import type { PlainFailure } from '../../codec/plain-error.ts';
import type { EngineCall } from '../../engine/engine-call.ts';
import type { Tensor } from '../../engine/session.ts';
import { FLAT_SIGNATURES } from '../serving-graph.ts';
import { type EmbeddingMode, nearestSignature, SEARCH } from './neighbour-session.ts';

/** The nearest candidates in place of embeddings. */
export interface NeighbourSearch extends NeighbourWish {
  /** At most the number of candidates. */
  readonly k: number;
  /** What comparing a row with all candidates costs, in tokens. */
  readonly rowCost: number;
}

/** What a request asks for, and how its answer is to be written. */
export interface Object2VecJob extends Job {
  readonly mode: InferenceMode;
  readonly in0: TokenRows | undefined;
  readonly in1: TokenRows | undefined;
  readonly failures: readonly PlainFailure[];
  /** Only for embeddings. */
  readonly search?: NeighbourSearch | undefined;
  /** Media type of the answer. */
  readonly answerType: string;
}

type JobContent = Pick<Object2VecJob, 'mode' | 'in0' | 'in1' | 'failures' | 'answerType' | 'rows' | 'search'>;

/** What the engine's memory follows: the tokens alone, or every row at the length of the call's longest. */
export type TokenCost = 'flat' | 'padded';

export function object2VecJob(content: JobContent, cost: TokenCost = 'flat'): Object2VecJob {
  const { in0, in1, rows, search } = content;
  if (cost === 'padded') return { ...content, ...paddedCost(content) };
  return {
    ...content,
    group: signatureOf(content),
    cost: (in0?.ids.length ?? 0) + (in1?.ids.length ?? 0) + rows * (search?.rowCost ?? 0),
    endOfSlice: (from, budget) => endOfSlice(content, from, budget),
  };
}

/**
 * Each row costs what the longest one needs, rounded up to a power of two, and only jobs of one such length share a
 * call: one row of 5,000 tokens beside a thousand short ones would otherwise be five million places.
 */
function paddedCost(content: JobContent): Pick<Object2VecJob, 'group' | 'cost' | 'endOfSlice'> {
  const { in0, in1, rows, search } = content;
  const lengths = [paddedLength(in0), paddedLength(in1)];
  const rowCost = Math.max(1, lengths[0]! + lengths[1]! + (search?.rowCost ?? 0));
  return {
    group: `${signatureOf(content)} ${lengths.join(' ')}`,
    cost: rows * rowCost,
    endOfSlice(from, budget) {
      const fitting = Math.max(1, Math.min(budget.rows, Math.floor(budget.cost / rowCost)));
      return Math.min(rows, from + fitting);
    },
  };
}

/** What a job runs, with the number of neighbours: jobs that agree in it may share a call. */
function signatureOf({ mode, search }: Pick<JobContent, 'mode' | 'search'>): string {
  return search ? `${nearestSignature(mode as EmbeddingMode, search.metric)} ${search.k}` : FLAT_SIGNATURES[mode];
}

function paddedLength(rows: TokenRows | undefined): number {
  let longest = 0;
  for (let r = 1; r < (rows?.offsets.length ?? 0); r++) {
    longest = Math.max(longest, rows!.offsets[r]! - rows!.offsets[r - 1]!);
  }
  return longest === 0 ? 0 : 2 ** Math.ceil(Math.log2(longest));
}

/** One engine call with the rows of all slices, which are all of one mode. */
export function mergeObject2Vec(slices: readonly Slice<Object2VecJob>[]): EngineCall {
  const rows = slices.reduce((total, { from, to }) => total + to - from, 0);
  const { mode, search } = slices[0]!.job;
  const inputs: Record<string, Tensor> = { rows: { dtype: 'int32', shape: [], data: Int32Array.of(rows) } };
  for (const side of ['in0', 'in1'] as const) {
    if (!slices[0]!.job[side]) continue;
    const merged = concatTokenRows(slices.map(({ job, from, to }) => takeTokenRows(job[side]!, from, to)));
    // The worker takes the buffer away; a job that is retried or sliced still needs its own.
    const ids = slices.length === 1 ? merged.ids.slice() : merged.ids;
    inputs[`${side}_ids`] = { dtype: 'int32', shape: [ids.length], data: ids };
    inputs[`${side}_rows`] = { dtype: 'int32', shape: [ids.length], data: rowOfEachId(merged) };
  }
  if (!search) return { signature: FLAT_SIGNATURES[mode], inputs, rows };
  inputs[SEARCH.k] = { dtype: 'int32', shape: [], data: Int32Array.of(search.k) };
  return { signature: nearestSignature(mode as EmbeddingMode, search.metric), inputs, rows };
}

/** Rows `from` to `to` (excluded); the ids are a view. */
export function takeTokenRows(rows: TokenRows, from: number, to: number): TokenRows {
  if (from === 0 && to === rows.offsets.length - 1) return rows;
  const start = rows.offsets[from]!;
  const offsets = rows.offsets.slice(from, to + 1);
  for (let i = 0; i < offsets.length; i++) offsets[i]! -= start;
  return { ids: rows.ids.subarray(start, rows.offsets[to]), offsets };
}

function endOfSlice({ in0, in1, rows, search }: JobContent, from: number, budget: CallBudget): number {
  const rowCost = search?.rowCost ?? 0;
  const costTo = (row: number) =>
    tokensBetween(in0, from, row) + tokensBetween(in1, from, row) + (row - from) * rowCost;
  let to = from + 1;
  const lastRow = Math.min(rows, from + budget.rows);
  while (to < lastRow && costTo(to + 1) <= budget.cost) to++;
  return to;
}

function tokensBetween(rows: TokenRows | undefined, from: number, to: number): number {
  return rows ? rows.offsets[to]! - rows.offsets[from]! : 0;
}
