/**
 * The vocabularies of an artifact for serving: read once at the start into shared memory, from which every thread that
 * decodes makes its own readers at no cost.
 */
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import type { DecodeOptions } from '#core/object2vec/inference-request.ts';
import type { Object2VecManifest } from '#core/object2vec/manifest.ts';
import { parseVocabulary } from '#core/text/parse-vocabulary.ts';
import { createTextReader, DEFAULT_TEXT_RULES, type TextReader, type TextRules } from '#core/text/text-reader.ts';
import { WordTable, type WordTableParts } from '#core/text/word-table.ts';
import { newestVersion } from '../../engine/version-folder.ts';
import { assetsDir } from '../artifact.ts';
import { readWhole } from '../data/line-blocks.ts';

/** Can be posted to a thread; the tables are shared, not copied. Both inputs may have the same table. */
export interface ServingTexts {
  readonly rules: TextRules;
  readonly in0?: WordTableParts;
  readonly in1?: WordTableParts;
}

/** @throws TwinvecError InvalidArtifact when a vocabulary that the manifest names is not there or does not fit. */
export async function loadServingTexts(modelDir: string, manifest: Object2VecManifest): Promise<ServingTexts> {
  const tables = new Map<string, WordTableParts>();
  const texts: { in0?: WordTableParts; in1?: WordTableParts } = {};
  for (const field of ['in0', 'in1'] as const) {
    const { vocabulary, vocabularySize } = manifest.inputs[field];
    if (vocabulary === undefined) continue;
    const table = tables.get(vocabulary) ?? (await loadTable(modelDir, vocabulary));
    tables.set(vocabulary, table);
    if (table.ids.some((id) => id >= vocabularySize)) {
      throw new TwinvecError(
        'InvalidArtifact',
        `assets/${vocabulary} has ids beyond the ${vocabularySize} of ${field}.`,
      );
    }
    texts[field] = table;
  }
  return { rules: manifest.text ?? DEFAULT_TEXT_RULES, ...texts };
}

/** The readers of one thread. */
export function textReaders({ rules, in0, in1 }: ServingTexts): Readonly<Partial<Record<'in0' | 'in1', TextReader>>> {
  const reader = (parts: WordTableParts) => createTextReader(new WordTable(parts), rules);
  return { ...(in0 && { in0: reader(in0) }), ...(in1 && { in1: reader(in1) }) };
}

/** Options with the readers, which cannot be posted between threads. */
export function withTexts(options: DecodeOptions, { in0, in1 }: ReturnType<typeof textReaders>): DecodeOptions {
  return {
    ...options,
    in0: { ...options.in0, ...(in0 && { text: in0 }) },
    in1: { ...options.in1, ...(in1 && { text: in1 }) },
  };
}

async function loadTable(modelDir: string, name: string): Promise<WordTableParts> {
  const file = { path: join(assetsDir(newestVersion(modelDir)), name), name: `assets/${name}` };
  try {
    return WordTable.of(parseVocabulary(await readWhole(file), file.name)).parts;
  } catch (error) {
    if (!(error instanceof TwinvecError)) throw error;
    throw new TwinvecError('InvalidArtifact', error.message, { cause: error });
  }
}
