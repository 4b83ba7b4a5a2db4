/** What `twinvec evaluate` prints for people. */
import { formatCount } from '#core/terminal/format.ts';
import { formatTable } from '#core/terminal/table.ts';
import type { Evaluation } from './run.ts';

/** A matrix of more classes does not fit a terminal; `--json` has it. */
const SHOWN_CLASSES = 10;

export function evaluationReport({ scores, ranking, bad }: Evaluation): string {
  const tables = [
    formatTable([
      ['scores', ''],
      ['records', formatCount(scores.rows)],
      ['records that cannot be used', formatCount(bad.count)],
      ...Object.entries(scores.values).map(([name, value]) => [name.replaceAll('_', ' '), decimal(value)]),
    ]),
    ...classTables(scores),
  ];
  if (ranking) {
    const { queries, candidates } = ranking;
    tables.push(
      formatTable([
        ['ranking', ''],
        ['queries', formatCount(queries)],
        ['candidates', formatCount(candidates)],
        ...([1, 5, 10, 20, 50] as const).map((k) => [`hits@${k}`, `${(100 * ranking[`hitsAt${k}`]).toFixed(2)} %`]),
        ['mean rank', ranking.meanRank.toFixed(2)],
        ['median rank', String(ranking.medianRank)],
        ['mean reciprocal rank', decimal(ranking.meanReciprocalRank)],
      ]),
    );
  }
  return tables.join('\n');
}

function classTables({ classes, confusion }: Evaluation['scores']): string[] {
  if (!classes || !confusion) return [];
  const quality = formatTable([
    ['class', 'records', 'precision', 'recall', 'F1'],
    ...classes.map(({ rows, precision, recall, f1 }, label) => [
      String(label),
      formatCount(rows),
      decimal(precision),
      decimal(recall),
      decimal(f1),
    ]),
  ]);
  if (classes.length > SHOWN_CLASSES) return [quality];
  const matrix = formatTable([
    ['label \\ answer', ...confusion.map((_, answer) => String(answer))],
    ...confusion.map((counts, label) => [String(label), ...counts.map(formatCount)]),
  ]);
  return [quality, matrix];
}

function decimal(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(4);
}
