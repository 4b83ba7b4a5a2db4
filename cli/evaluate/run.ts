/** `twinvec evaluate` at work: scores of every record against its label, then ranks when they are asked for. */
import { TwinvecError } from '#core/errors.ts';
import { type RankingQuality, summarizeRanks } from '#core/object2vec/ranking.ts';
import { createProgress, type TextSink } from '#core/terminal/progress.ts';
import { type InputFile, listInputFiles } from '../prepare/input-files.ts';
import { CandidateSet } from './candidates.ts';
import {
  type BadRecord,
  type Candidate,
  candidateRecords,
  isBad,
  type LabelledRecord,
  labelledRecords,
  type Reader,
} from './labelled-records.ts';
import { type ModelUnderTest, openModelUnderTest } from './model-under-test.ts';
import { type RankBy, type RankInput, type Ranks, rankPositives } from './ranking.ts';
import { type ScoreQuality, ScoreSums } from './score-quality.ts';

export interface EvaluateSettings {
  /** Model folder or model.tar.gz. */
  readonly model: string;
  /** JSON Lines, a file or a folder, plain or gzip. */
  readonly input: string;
  readonly engine?: string;
  readonly rank?: RankBy;
  /** JSON Lines with further candidates. */
  readonly candidates?: string;
  readonly onlyCandidates?: boolean;
  readonly encoder: 'in0' | 'in1';
  /** Labels from here on are positives, whose ranks count. */
  readonly positive: number;
}

export interface Evaluation {
  readonly scores: ScoreQuality;
  readonly ranking?: RankingQuality & { readonly queries: number; readonly candidates: number };
  readonly bad: { readonly count: number; readonly listed: readonly BadRecord[] };
}

const LISTED = 10;

class BadRecords {
  count = 0;
  readonly listed: BadRecord[] = [];

  add(record: BadRecord): void {
    this.count += 1;
    if (this.listed.length < LISTED) this.listed.push(record);
  }
}

/** @throws TwinvecError when the input or the model cannot be used, or no record can. */
export async function evaluate(settings: EvaluateSettings, sink: TextSink, signal: AbortSignal): Promise<Evaluation> {
  const files = await listInputFiles(settings.input, 'jsonl');
  const more = settings.candidates === undefined ? undefined : await listInputFiles(settings.candidates, 'jsonl');
  sink.write('Starting the model server ...\n');
  const model = await openModelUnderTest(settings.model, settings.engine, signal);
  try {
    const bad = new BadRecords();
    const set = new CandidateSet();
    const records = labelledRecords(files);
    const sums = await scoreAll(model, files, settings, { bad, set, sink });
    const evaluation = { scores: sums.result(), bad: { count: bad.count, listed: bad.listed } };
    if (settings.rank === undefined) return evaluation;
    const isPositive = (label: number) => label >= settings.positive && sums.problemWith(label) === undefined;
    const input = { model, records, isPositive, set };
    const { ranks, candidates } = await rank(input, more && candidateRecords(more), settings, sink);
    return { ...evaluation, ranking: { ...summarizeRanks(ranks), queries: ranks.length, candidates } };
  } finally {
    await model.close();
  }
}

interface Surroundings {
  readonly bad: BadRecords;
  readonly set: CandidateSet;
  readonly sink: TextSink;
}

async function scoreAll(
  model: ModelUnderTest,
  files: readonly InputFile[],
  { positive, rank }: EvaluateSettings,
  { bad, set, sink }: Surroundings,
): Promise<ScoreSums> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = createProgress({ label: 'scoring', total, unit: 'bytes', sink });
  async function* usable(): AsyncGenerator<LabelledRecord[]> {
    for await (const some of labelledRecords(files)((bytes) => progress.update(bytes))) {
      for (const record of some) if (isBad(record)) bad.add(record);
      yield some.filter((record): record is LabelledRecord => !isBad(record));
    }
  }
  let sums: ScoreSums | undefined;
  for await (const answered of model.ask(usable(), ({ in0, in1 }) => `{"in0":${in0},"in1":${in1}}`)) {
    const { items, rows, values, width, refusals } = answered;
    if (width > 0) sums ??= new ScoreSums(width);
    items.forEach(({ in0, in1, label, place }, at) => {
      const reason = refusals.get(at) ?? sums?.problemWith(label);
      if (reason !== undefined) bad.add({ place, reason });
      else sums?.add(values.subarray(rows[at]! * width, (rows[at]! + 1) * width), label);
      if (rank === undefined) return;
      const candidate = set.add(in1);
      if (label >= positive && reason === undefined) set.addPositive(in0, candidate);
    });
  }
  progress.finish();
  if (sums && sums.rows > 0) return sums;
  const [first] = bad.listed;
  const why = first ? ` ${first.place} ${first.reason}.` : '';
  throw new TwinvecError('InvalidTrainingData', `None of ${bad.count} records can be evaluated.${why}`);
}

async function rank(
  input: Omit<RankInput, 'onQuery'>,
  more: Reader<Candidate> | undefined,
  { rank: by = 'cosine', positive, encoder, onlyCandidates = false }: EvaluateSettings,
  sink: TextSink,
): Promise<Ranks> {
  const progress = createProgress({ label: 'ranking', total: input.set.positives, unit: 'queries', sink });
  const onQuery = (queries: number) => progress.update(queries);
  const ranked = await rankPositives({ ...input, onQuery }, { by, encoder, more, onlyMore: onlyCandidates });
  progress.finish();
  if (ranked.ranks.length > 0) return ranked;
  const message = `No record with a label of ${positive} or more can be ranked. Give --positive another label.`;
  throw new TwinvecError('InvalidTrainingData', message);
}
