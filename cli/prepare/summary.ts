/** The end of `twinvec prepare`: what was made, and the hyperparameters that follow from it. */
import { formatCount } from '#core/terminal/format.ts';
import { formatTable } from '#core/terminal/table.ts';
import type { InputFigures } from './records.ts';
import type { Prepared } from './run.ts';
import type { PrepareSettings } from './settings.ts';
import type { InputWords } from './vocabularies.ts';

const NEARLY_ALL = 0.99;

export function prepareSummary(settings: PrepareSettings, prepared: Prepared): string {
  const { maker, records, vocabularies } = prepared;
  const hasPairs = settings.columns.in1 !== undefined;
  const row = (name: string, of: (words: InputWords, figures: InputFigures) => string) => [
    name,
    of(vocabularies.in0, maker.in0),
    ...(hasPairs ? [of(vocabularies.in1, maker.in1)] : []),
  ];
  const inputs = formatTable([
    ['', 'in0', ...(hasPairs ? ['in1'] : [])],
    row('vocabulary', ({ vocabulary }) => formatCount(vocabulary.size)),
    row('words', (_, { words }) => formatCount(words)),
    row('unknown words', (_, { words, unknown }) => percent(unknown, words)),
    row('longest sequence', (_, { lengths }) => formatCount(lengths.longest)),
    row('99 % are at most', (_, { lengths }) => formatCount(lengths.covering(NEARLY_ALL))),
  ]);
  const channels = formatTable([
    ['records', ''],
    ['train', formatCount(records.train)],
    ['validation', formatCount(records.validation)],
    ['left out, without words', formatCount(maker.withoutWords)],
  ]);
  return [inputs, channels, forgotten(prepared), next(settings, prepared)].filter(Boolean).join('\n');
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(2)} %`;
}

function forgotten({ vocabularies }: Prepared): string {
  const upTo = Math.max(vocabularies.in0.counts?.forgottenUpTo ?? 0, vocabularies.in1.counts?.forgottenUpTo ?? 0);
  return upTo === 0 ? '' : `There are very many different words; some seen at most ${upTo} times were not counted.\n`;
}

/** The command to go on with; records that cannot train are for transform. */
function next({ columns, label, output, validation }: PrepareSettings, { vocabularies, maker }: Prepared): string {
  const hasLabel = columns.label !== undefined || label.constant !== undefined;
  if (columns.in1 === undefined || !hasLabel) {
    return `These records have no ${columns.in1 === undefined ? 'in1' : 'label'}: they are for transform, not for train.\n`;
  }
  const length = (figures: InputFigures) => Math.min(5000, figures.lengths.covering(NEARLY_ALL));
  const settings = [
    'enc0_network=pooled_embedding',
    `enc0_vocab_size=${Math.max(2, vocabularies.in0.vocabulary.size)}`,
    `enc0_max_seq_len=${length(maker.in0)}`,
    `enc0_vocab_file=${vocabularies.settings.vocabularies.in0}`,
    'enc1_network=pooled_embedding',
    `enc1_vocab_size=${Math.max(2, vocabularies.in1.vocabulary.size)}`,
    `enc1_max_seq_len=${length(maker.in1)}`,
    `enc1_vocab_file=${vocabularies.settings.vocabularies.in1}`,
  ];
  const heldOut = validation > 0 ? ` --validation ${output}/validation.jsonl` : '';
  return `Train with:\n  twinvec train --train ${output}/train.jsonl${heldOut} --auxiliary ${output} --output model --set ${settings.join(' ')}\n`;
}
