/**
 * A data channel read from its files once, line by line, into rows.
 */
import { stat } from 'node:fs/promises';
import { TwinvecError } from '#core/errors.ts';
import { ByteCursor } from '#core/json/byte-cursor.ts';
import { nextLine, skipByteOrderMark } from '#core/json/lines.ts';
import type { InputRules } from '#core/object2vec/inference-request.ts';
import type { EncoderSettings, NetworkSettings } from '#core/object2vec/settings.ts';
import { TrainingRecords } from '#core/object2vec/training-record.ts';
import type { TextReader } from '#core/text/text-reader.ts';
import { ChannelData } from './channel-data.ts';
import type { ChannelFile } from './channels.ts';
import type { DataMemory } from './data-memory.ts';
import type { LoadedChannel } from './dataset.ts';
import { lineBlocks } from './line-blocks.ts';

/** Absent where there is no vocabulary. */
export type TextReaders = Readonly<Partial<Record<'in0' | 'in1', TextReader | undefined>>>;

/**
 * @param memory shared by the job's channels
 * @param onRows hears how many rows there are so far, now and then.
 * @param texts read records that hold text instead of ids.
 * @throws TwinvecError naming the file, the line and the field; InvalidTrainingData when there is no record at all;
 *   DiskFull when the ids have to go to a file and the folder has no space.
 */
export async function loadChannel(
  channel: string,
  files: readonly ChannelFile[],
  network: NetworkSettings,
  memory: DataMemory,
  onRows: (rows: number) => void = () => {},
  texts: TextReaders = {},
): Promise<LoadedChannel> {
  const records = new TrainingRecords({
    in0: withText(network.enc0, texts.in0),
    in1: withText(network.enc1, texts.in1),
    output: network.output,
  });
  const data = new ChannelData(channel, memory);
  try {
    await loadFiles(files, records, data, onRows);
    if (data.rows === 0) {
      const looked = files.length === 1 ? files[0]!.name : `${files.length} files`;
      throw new TwinvecError('InvalidTrainingData', `Channel "${channel}" has no records (${looked}).`);
    }
    data.finish(records.cutSequences);
    return data;
  } catch (error) {
    data.close();
    throw error;
  }
}

function withText({ vocabularySize, maxSeqLen }: EncoderSettings, text: TextReader | undefined): InputRules {
  return { vocabularySize, maxSeqLen, ...(text && { text }) };
}

async function loadFiles(
  files: readonly ChannelFile[],
  records: TrainingRecords,
  data: ChannelData,
  onRows: (rows: number) => void,
): Promise<void> {
  // A file that is not there any more is reported when it is read.
  const sizes = await Promise.all(
    files.map(({ path }) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const allBytes = sizes.reduce((sum, size) => sum + size, 0);
  let bytesBefore = 0;
  for (const [i, file] of files.entries()) {
    await loadFile(file, records, (bytesRead) => {
      data.append(records.toColumns(), (bytesBefore + bytesRead) / allBytes);
      records.clear();
      onRows(data.rows);
    });
    bytesBefore += sizes[i]!;
  }
}

/** @param onBlock takes the records of each block */
async function loadFile(
  file: ChannelFile,
  records: TrainingRecords,
  onBlock: (bytesRead: number) => void,
): Promise<void> {
  let line = 0;
  let bytesRead = 0;
  const blocks = lineBlocks(file, (bytes) => {
    bytesRead = bytes;
  });
  for await (const block of blocks) {
    const cursor = new ByteCursor(block);
    cursor.line = line;
    if (line === 0) skipByteOrderMark(cursor);
    try {
      while (nextLine(cursor)) records.addLine(cursor);
    } catch (error) {
      throw atFile(error, file);
    }
    line = cursor.line;
    onBlock(bytesRead);
  }
}

const OUT_OF_VOCABULARY = /(in[01])\[\d+\]: id (\d+) .*vocabulary size (\d+)/;

/** The file before the place in it; and AWS's own words for an id outside the vocabulary, which people search for. */
function atFile(error: unknown, file: ChannelFile): unknown {
  if (!(error instanceof TwinvecError)) return error;
  const [, field, id, size] = OUT_OF_VOCABULARY.exec(error.message) ?? [];
  const known =
    error.code === 'TokenOutOfVocabulary' && field
      ? `. Inconsistent vocab for ${field} found. Vocab id "${id}" is not less than vocab_size=${size}`
      : '';
  return new TwinvecError(error.code, `${file.name}: ${error.message}${known}`, { cause: error });
}
