/**
 * The `auxiliary` channel: vocabularies, pretrained vectors and `text.json`, found by the names that hyperparameters give.
 * Everything in it is checked before the data is read.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { EncoderWords, Object2VecSettings } from '#core/object2vec/settings.ts';
import { formatCount } from '#core/terminal/format.ts';
import { parseVocabulary } from '#core/text/parse-vocabulary.ts';
import { createTextReader, DEFAULT_TEXT_RULES, type TextReader, type TextRules } from '#core/text/text-reader.ts';
import { parseTextSettings, TEXT_SETTINGS_FILE } from '#core/text/text-settings.ts';
import type { Vocabulary } from '#core/text/vocabulary.ts';
import { embeddingTable, type Side } from '../network/token-source.ts';
import type { TrainingJob } from '../training/training-job.ts';
import type { TrainingReport } from '../training/training-report.ts';
import { AUXILIARY, type ChannelFile, checkForm } from './channels.ts';
import { readWhole } from './line-blocks.ts';
import { readWordVectors, type WordVectors } from './word-vectors.ts';

/** Where the words of one input are, and how they are read. */
export interface InputText {
  readonly file: ChannelFile;
  /** The name in the channel, and in the artifact. */
  readonly name: string;
  readonly reader: TextReader;
}

export interface AuxiliaryFiles {
  readonly in0?: InputText;
  readonly in1?: InputText;
  readonly rules: TextRules;
  /** Pretrained vectors by the name of their table. Clear it when training has started from them: it may be gigabytes. */
  readonly vectors: Map<string, WordVectors>;
}

/** @throws TwinvecError InvalidTrainingData naming the file and the place in it */
export async function readAuxiliaryChannel(
  job: TrainingJob,
  settings: Object2VecSettings,
  report: TrainingReport,
): Promise<AuxiliaryFiles> {
  const { words } = settings;
  const channel = new AuxiliaryChannel(job);
  const named = [words.enc0, words.enc1].some(({ vocabulary }) => vocabulary !== undefined);
  if (!named) {
    if (await channel.exists()) report.note('Channel "auxiliary" is not read: no hyperparameter names a file of it.');
    return { rules: DEFAULT_TEXT_RULES, vectors: new Map() };
  }
  await channel.check();
  const rules = await readRules(channel);
  const vocabularies = new Map<string, Vocabulary>();
  const inputs: { in0?: InputText; in1?: InputText } = {};
  for (const side of [0, 1] as const) {
    const { vocabulary: name } = wordsOf(settings, side);
    if (name === undefined) continue;
    const file = await channel.file(name, `enc${side}_vocab_file`);
    const vocabulary = vocabularies.get(name) ?? parseVocabulary(await readWhole(file), file.name);
    vocabularies.set(name, vocabulary);
    checkSize(vocabulary, file, settings, side);
    inputs[`in${side}`] = { file, name, reader: createTextReader(vocabulary, rules) };
  }
  for (const [name, vocabulary] of vocabularies) noteSharedIds(name, vocabulary, report);
  return { ...inputs, rules, vectors: await readVectors(channel, settings, vocabularies, report) };
}

const wordsOf = ({ words }: Object2VecSettings, side: Side): EncoderWords => (side === 0 ? words.enc0 : words.enc1);

class AuxiliaryChannel {
  readonly #job: TrainingJob;
  readonly #dir: string;

  constructor(job: TrainingJob) {
    this.#job = job;
    this.#dir = join(job.baseDir, 'input', 'data', AUXILIARY);
  }

  async exists(): Promise<boolean> {
    return this.#job.channels ? this.#job.channels.has(AUXILIARY) : this.has('.');
  }

  async check(): Promise<void> {
    if (!(await this.exists())) {
      throw invalid(`The job has no channel "${AUXILIARY}", and hyperparameters name files of it. Add the channel.`);
    }
    checkForm(AUXILIARY, this.#job.channels?.get(AUXILIARY));
  }

  async has(name: string): Promise<boolean> {
    return (await stat(join(this.#dir, name)).catch(() => undefined)) !== undefined;
  }

  /** @param hyperparameter what names the file */
  async file(name: string, hyperparameter: string): Promise<ChannelFile> {
    const found = await stat(join(this.#dir, name)).catch(() => undefined);
    if (found?.isFile()) return { path: join(this.#dir, name), name: `${AUXILIARY}/${name}` };
    const there = (await readdir(this.#dir).catch(() => [])).slice(0, 10).map(quoteForMessage).join(', ');
    throw invalid(
      `Channel "${AUXILIARY}" has no file ${name}, which ${hyperparameter} names; found: ${there || 'none'}.`,
    );
  }
}

/** As `twinvec prepare` writes them beside its vocabularies; a vocabulary from elsewhere comes without. */
async function readRules(channel: AuxiliaryChannel): Promise<TextRules> {
  if (!(await channel.has(TEXT_SETTINGS_FILE))) return DEFAULT_TEXT_RULES;
  const bytes = await readWhole(await channel.file(TEXT_SETTINGS_FILE, TEXT_SETTINGS_FILE));
  const { tokenizer, unknownWords } = parseTextSettings(bytes.toString('utf8'));
  return { tokenizer, unknownWords };
}

function checkSize(vocabulary: Vocabulary, { name }: ChannelFile, { network }: Object2VecSettings, side: Side): void {
  const { vocabularySize } = side === 0 ? network.enc0 : network.enc1;
  if (vocabulary.size <= vocabularySize) return;
  const word = [...vocabulary.ids].find(([, id]) => id >= vocabularySize)![0];
  throw invalid(
    `${name}: the id of ${quoteForMessage(word)} is ${vocabulary.idOf(word)}, and enc${side}_vocab_size=${vocabularySize} ` +
      `has ids from 0 to ${vocabularySize - 1}. Set enc${side}_vocab_size=${vocabulary.size}.`,
  );
}

/** Several spellings may have one id on purpose; it may also be a mistake, so it is said. */
function noteSharedIds(name: string, { ids }: Vocabulary, report: TrainingReport): void {
  const shared = ids.size - new Set(ids.values()).size;
  if (shared > 0) report.note(`${AUXILIARY}/${name}: ${formatCount(shared)} words share the id of another word.`);
}

async function readVectors(
  channel: AuxiliaryChannel,
  settings: Object2VecSettings,
  vocabularies: ReadonlyMap<string, Vocabulary>,
  report: TrainingReport,
): Promise<Map<string, WordVectors>> {
  const vectors = new Map<string, WordVectors>();
  /** A file that serves both sides alike is read once. */
  const read = new Map<string, WordVectors>();
  for (const side of [0, 1] as const) {
    const { vocabulary = '', pretrained } = wordsOf(settings, side);
    const table = embeddingTable(settings.network, side);
    if (!pretrained || vectors.has(table.name)) continue;
    const width = table.shape[1]!;
    const file = await channel.file(pretrained.file, `enc${side}_pretrained_embedding_file`);
    const key = `${pretrained.file} ${vocabulary} ${width}`;
    const found =
      read.get(key) ??
      (await report.read(file, (onRead) =>
        readWordVectors({ file, vocabulary: vocabularies.get(vocabulary)!, width }, onRead),
      ));
    read.set(key, found);
    vectors.set(table.name, found);
    report.note(describeFound(side, file, found, pretrained.frozen));
  }
  return vectors;
}

function describeFound(
  side: Side,
  file: ChannelFile,
  { found, wanted, repeated }: WordVectors,
  frozen: boolean,
): string {
  const share = ((100 * found) / wanted).toFixed(1);
  const first = repeated > 0 ? ` ${formatCount(repeated)} lines repeat a word; the first one counts.` : '';
  const others = found < wanted ? ', the others start as without the file' : '';
  const trained = frozen ? 'frozen' : 'trained on';
  return `enc${side}: ${formatCount(found)} of ${formatCount(wanted)} words (${share} %) found in ${file.name}${others}; ${trained}.${first}`;
}

function invalid(message: string): TwinvecError {
  return new TwinvecError('InvalidTrainingData', message);
}
