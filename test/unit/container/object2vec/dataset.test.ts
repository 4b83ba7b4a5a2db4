/** Channels are read from SageMaker's folders, whole files or gzip, and faults are reported with file and line. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { openChannels } from '../../../../container/src/object2vec/data/channels.ts';
import { DataMemory } from '../../../../container/src/object2vec/data/data-memory.ts';
import type { LoadedChannel } from '../../../../container/src/object2vec/data/dataset.ts';
import { loadChannel } from '../../../../container/src/object2vec/data/load-channel.ts';
import { readTrainingJob } from '../../../../container/src/object2vec/training/training-job.ts';

const { network } = parseHyperparameters({
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: '1000000',
  enc0_max_seq_len: '3',
}).settings;

const line = (id: number): string => `{"label":1,"in0":[${id}],"in1":[${id + 1}]}\n`;

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'twinvec-data-'));
  await put('input/config/hyperparameters.json', '{}');
});
afterEach(async () => {
  for (const channel of opened.splice(0)) channel.close();
  await rm(baseDir, { recursive: true });
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(baseDir, path)), { recursive: true });
  await writeFile(join(baseDir, path), content);
}

const opened: LoadedChannel[] = [];

async function load(channel: 'train' | 'validation' = 'train', memoryBytes = 2 ** 30) {
  const { files } = await openChannels(await readTrainingJob(baseDir));
  const loaded = await loadChannel(channel, files.get(channel) ?? [], network, new DataMemory(memoryBytes, baseDir));
  opened.push(loaded);
  const all = Int32Array.from({ length: loaded.rows }, (_, row) => row);
  return { ...loaded.gather(all, all), rows: loaded.rows, labels: loaded.labels, loaded };
}

describe('a channel', () => {
  it('has the records of all its files in the order of their names, gzip or not', async () => {
    await put('input/data/train/b.jsonl', line(2) + line(3));
    await put('input/data/train/a.jsonl.gz', gzipSync(line(1)));
    await put('input/data/train/sub/c.jsonl', line(4).trimEnd());
    await put('input/data/train/_SUCCESS', '');
    await put('input/data/train/.b.jsonl.crc', 'crc');

    const { in0, in1, rows, labels } = await load();

    expect([...in0.ids]).toEqual([1, 2, 3, 4]);
    expect([...in1.ids]).toEqual([2, 3, 4, 5]);
    expect(rows).toBe(4);
    expect([...labels]).toEqual([1, 1, 1, 1]);
  });

  it.each([
    ['memory', 2 ** 30],
    ['a file', 0],
    ['memory at first, then a file', 2 ** 21],
  ])('is read whole into %s when lines cross the pieces in which files arrive', async (_, memoryBytes) => {
    const ids = Array.from({ length: 120_000 }, (_, i) => i);
    const text = ids.map(line).join('');
    expect(text.length).toBeGreaterThan(3 * 1024 * 1024);
    await put('input/data/train/plain.jsonl', text);
    await put('input/data/train/zipped.gz', gzipSync(text));
    const { in0, loaded } = await load('train', memoryBytes);
    expect(loaded.inFile).toBe(memoryBytes < 2 ** 30);
    expect(in0.ids.length).toBe(240_000);
    expect([...in0.ids.subarray(0, 120_000)]).toEqual(ids);
    expect([...in0.ids.subarray(120_000)]).toEqual(ids);
  });

  it('may start with a byte order mark and count cut sequences', async () => {
    await put('input/data/train/a.jsonl', '\ufeff{"label":1,"in0":[1,2,3,4],"in1":[1]}\n');
    expect((await load()).loaded).toMatchObject({ rows: 1, cutSequences: 1 });
  });

  it('with a bad line names file, line and field, in plain and in zipped files', async () => {
    const bad = `${line(1)}${line(2)}{"label":1,"in0":[1],"in1":[1,-4]}\n`;
    await put('input/data/train/part-0.jsonl.gz', gzipSync(bad));
    await expect(load()).rejects.toMatchObject({
      code: 'InvalidTokenId',
      message: expect.stringMatching(/^train\/part-0\.jsonl\.gz: Line 3, in1\[1\]: /),
    });
  });

  it('with an id outside the vocabulary also says so in SageMaker’s words', async () => {
    await put('input/data/train/a.jsonl', '{"label":1,"in0":[1],"in1":[1000000]}');
    await expect(load()).rejects.toMatchObject({
      code: 'TokenOutOfVocabulary',
      message: expect.stringContaining(
        'Inconsistent vocab for in1 found. Vocab id "1000000" is not less than vocab_size=1000000',
      ),
    });
  });

  it('with damaged gzip names the file', async () => {
    const whole = gzipSync(Array.from({ length: 1000 }, (_, i) => line(i)).join(''));
    await put('input/data/train/a.gz', whole.subarray(0, whole.length - 50));
    await expect(load()).rejects.toMatchObject({
      code: 'InvalidTrainingData',
      message: expect.stringContaining('train/a.gz is damaged gzip'),
    });
  });

  it.each([
    ['without files', undefined, 'Channel "train" has no files.'],
    ['with only blank lines', '\n \n', 'Channel "train" has no records (train/a.jsonl).'],
  ])('%s is refused', async (_, content, message) => {
    await mkdir(join(baseDir, 'input/data/train'), { recursive: true });
    if (content !== undefined) await put('input/data/train/a.jsonl', content);
    await expect(load()).rejects.toMatchObject({ code: 'InvalidTrainingData', message });
  });
});

describe('the channels of a job', () => {
  it('are those that inputdataconfig.json names', async () => {
    await put('input/config/inputdataconfig.json', '{"train":{"TrainingInputMode":"File"},"auxiliary":{},"other":{}}');
    await put('input/data/train/a.jsonl', line(1));
    await put('input/data/validation/a.jsonl', line(1));
    const { files, unread } = await openChannels(await readTrainingJob(baseDir));
    expect([...files.keys()]).toEqual(['train']);
    expect(unread).toEqual(['other']);
  });

  it('must include train', async () => {
    await put('input/data/training/a.jsonl', line(1));
    await expect(load()).rejects.toMatchObject({
      code: 'InvalidTrainingData',
      message: 'The job has no channel "train"; found: "training". Training needs one.',
    });
  });

  it.each([
    ['{"train":{"TrainingInputMode":"Pipe"}}', 'is in Pipe mode'],
    ['{"train":{"ContentType":"text/csv"}}', 'has ContentType "text/csv"'],
    ['{"train":{"RecordWrapperType":"RecordIO"}}', 'has RecordWrapperType "RecordIO"'],
    ['{"train":{}}', 'has no readable folder'],
    ['{"train":3}', 'input/config/inputdataconfig.json'],
    ['{"train"', 'input/config/inputdataconfig.json is not JSON'],
  ])('of a form that is not read are refused: %s', async (config, message) => {
    await put('input/config/inputdataconfig.json', config);
    await expect(load()).rejects.toMatchObject({
      code: 'InvalidTrainingData',
      message: expect.stringContaining(message),
    });
  });

  it('belong to one machine', async () => {
    await put('input/config/resourceconfig.json', '{"current_host":"algo-1","hosts":["algo-1","algo-2"]}');
    await expect(load()).rejects.toMatchObject({ code: 'InvalidConfiguration' });
  });

  it('need hyperparameters.json', async () => {
    await rm(join(baseDir, 'input/config/hyperparameters.json'));
    await expect(load()).rejects.toMatchObject({ code: 'InvalidHyperparameters' });
  });
});
