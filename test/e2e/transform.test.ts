/** `twinvec transform` as a person runs it: the command, a real model, the real server, files in and out. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startContainer } from '../../local/hosting/container-process.ts';
import { layOutModel } from '../../local/hosting/model-folder.ts';
import { folderSink, folderSource } from '../../local/transform/folder-storage.ts';
import { startModelServer } from '../../local/transform/model-server.ts';
import { runTransform } from '../../local/transform/run-transform.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { type PairModel, pair, trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { type Ended, runTwinvec } from '../run-twinvec.ts';

const RECORDS = 500;

let work: string;
let model: PairModel;
let input: string;
let output: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-transform-e2e-'));
  model = await trainPairModel(work, ENGINES[0]!);
});

afterAll(() => rm(work, { recursive: true }));

beforeEach(async () => {
  const folder = await mkdtemp(path.join(work, 'run-'));
  input = path.join(folder, 'in');
  output = path.join(folder, 'out');
  await mkdir(input);
});

function transform(...more: readonly string[]): Promise<Ended> {
  return runTwinvec(['transform', '--model', model.folder, '--input', input, '--output', output, ...more]);
}

async function linesOf(name: string): Promise<unknown[]> {
  const content = await readFile(path.join(output, name), 'utf8');
  expect(content.endsWith('\n')).toBe(true);
  return content
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

const pairLines = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${JSON.stringify(pair(n))}\n`).join('');

describe.each(ENGINES)('twinvec transform on the %s engine', (engine) => {
  it('gives one score line per pair in order, the same in large, small and single requests', async () => {
    // Prepare
    await writeFile(path.join(input, 'pairs.jsonl'), pairLines(RECORDS));
    const answers: unknown[][] = [];

    // Act
    for (const options of [[], ['--strategy', 'SingleRecord', '--max-concurrent', '8'], ['--max-payload', '1']]) {
      const ended = await transform('--engine', engine, ...options);
      expect(ended).toMatchObject({ exitCode: 0 });
      expect(ended.out).toMatch(/records out +500/);
      answers.push(await linesOf('pairs.jsonl.out'));
    }

    // Assess
    const [large, ...others] = answers as { scores: number[] }[][];
    expect(large).toHaveLength(RECORDS);
    for (const other of others) {
      for (const [n, { scores }] of other.entries()) {
        expect(scores[0]).toBeCloseTo(large![n]!.scores[0]!, 5);
      }
    }
  });

  it('puts a placeholder where a line is bad, keeps everything else, and says so', async () => {
    // Prepare
    const lines = pairLines(20).split('\n');
    lines[7] = '{"in0":[1,2],"in1":[';
    lines[11] = '{"in0":[1000000],"in1":[1]}';
    await writeFile(path.join(input, 'pairs.jsonl'), lines.join('\n'));

    // Act
    const ended = await transform('--engine', engine);

    // Assess
    expect(ended.exitCode).toBe(3);
    expect(ended.out).toMatch(/pairs\.jsonl line 8: \{"error":/);
    expect(ended.out).toMatch(/pairs\.jsonl line 12: \{"error":.*TokenOutOfVocabulary/);
    const answers = await linesOf('pairs.jsonl.out');
    expect(answers).toHaveLength(20);
    expect(answers.map((answer) => Object.keys(answer as object)[0])).toEqual(
      Array.from({ length: 20 }, (_, n) => (n === 7 || n === 11 ? 'error' : 'scores')),
    );
  });

  it('takes whole JSON documents from an archive, one request for each file', async () => {
    await writeFile(path.join(input, 'a.json'), JSON.stringify({ instances: [pair(1), pair(2)] }));
    await writeFile(path.join(input, 'b.json'), JSON.stringify({ instances: [{ in0: pair(3).in0 }] }));

    const json = ['--content-type', 'application/json'];
    const whole = ['--split-type', 'None', '--assemble-with', 'None'];
    const ended = await transform('--engine', engine, '--model', model.archive, ...json, ...whole);

    expect(ended).toMatchObject({ exitCode: 0 });
    const a = JSON.parse(await readFile(path.join(output, 'a.json.out'), 'utf8'));
    const b = JSON.parse(await readFile(path.join(output, 'b.json.out'), 'utf8'));
    expect(a.predictions).toHaveLength(2);
    expect(b.predictions[0].embeddings).toHaveLength(8);
  });
});

describe('a transform whose server is killed', () => {
  const KILLED = {
    splitType: 'Line',
    assembleWith: 'Line',
    strategy: 'SingleRecord',
    maxConcurrentTransforms: 2,
  } as const;

  /** Kills the server, wherever it listens by then, as often as told, after the first records. */
  async function transformKilling(times: number) {
    await writeFile(path.join(input, 'pairs.jsonl'), pairLines(RECORDS));
    const baseDir = path.join(input, '../ml');
    await layOutModel(model.folder, baseDir);
    const logFile = path.join(input, '../server.log');
    const pids: number[] = [];
    const server = await startModelServer(async () => {
      const started = await startContainer({ baseDir, logFile, environment: { SAGEMAKER_BATCH: 'true' } });
      pids.push(started.pid);
      return started;
    });
    let killed = 0;
    const report = await runTransform({
      source: folderSource(input),
      sink: folderSink(output),
      servers: [server],
      choices: KILLED,
      contentType: 'application/jsonlines',
      onProgress: ({ records }) => {
        if (killed === times || records < 5 * (killed + 1) || pids.length === killed) return;
        process.kill(pids[killed]!, 'SIGKILL');
        killed += 1;
      },
    });
    await server.stop();
    return report;
  }

  it('goes on with a new one and gives every record, in order', async () => {
    const report = await transformKilling(1);

    expect(report).toMatchObject({ failures: [], recordsOut: RECORDS });
    expect(report.retries).toBeGreaterThanOrEqual(1);
    expect(await linesOf('pairs.jsonl.out')).toHaveLength(RECORDS);
  });

  it('fails with the cause when that is killed too, and leaves no output that is cut off', async () => {
    const report = await transformKilling(2);

    expect(report.failures).toEqual([
      {
        object: 'pairs.jsonl',
        blame: 'AlgorithmError',
        cause: expect.stringMatching(/^Unable to get response from algorithm: the server process ended \(SIGKILL\)/),
      },
    ]);
    expect(await readdir(output)).toEqual([]);
  });
});

describe('twinvec transform', () => {
  it('keeps the outputs of good files when another fails, and exits 1', async () => {
    await writeFile(path.join(input, 'good.json'), JSON.stringify({ instances: [pair(1)] }));
    await writeFile(path.join(input, 'worse.json'), '{"instances":');

    const ended = await transform('--split-type', 'None', '--content-type', 'application/json');

    expect(ended.exitCode).toBe(1);
    expect(ended.out).toMatch(/worse\.json: ClientError: 400: .*MalformedJson/);
    expect(await readdir(output)).toEqual(['good.json.out']);
  });

  it('names a record that could never be sent before any server starts', async () => {
    await writeFile(path.join(input, 'pairs.jsonl'), `${pairLines(2)}${'x'.repeat(1_048_577)}\n`);

    const ended = await transform('--max-payload', '1');

    expect(ended.exitCode).toBe(1);
    expect(ended.errors).toMatch(/^error: pairs\.jsonl: line 3 \(byte offset \d+\): .* 1048576 bytes/);
  });

  it.each([
    [['--max-payload', '101'], /Give a whole number from 0 to 100/],
    [['--input-filter', '$.a['], /InputFilter: the JSONPath "\$\.a\[", column 5: expected an index/],
    [['--join', 'Input', '--split-type', 'None'], /SplitType None and AssembleWith Line must be the same/],
    [['--max-concurrent', '50', '--max-payload', '3'], /at most 100 MB/],
    [['--split-type', 'CSV'], /Allowed choices are Line, None/],
    [['--env', 'SAGEMAKER_TFS_MAX_BATCH_SIZE'], /Write it as NAME=value/],
    [['--surprise'], /unknown option/],
  ])('refuses %j as a matter of usage', async (args, message) => {
    const ended = await transform(...args);

    expect(ended.exitCode).toBe(2);
    expect(ended.errors).toMatch(message);
  });

  it('says what is wrong with an empty input, a missing input and a missing model', async () => {
    const empty = await transform();
    const missing = await transform('--input', path.join(work, 'nowhere'));
    await writeFile(path.join(input, 'pairs.jsonl'), pairLines(1));
    const noModel = await transform('--model', path.join(work, 'nowhere'));

    expect([empty, missing, noModel].map((ended) => ended.exitCode)).toEqual([1, 1, 1]);
    expect(empty.errors).toMatch(/the input holds no objects/);
    expect(missing.errors).toMatch(/the input nowhere does not exist/);
    expect(noModel.errors).toMatch(/there is no model at/);
  });

  it('takes a manifest of gzip files, joins answers with their records, and says so as JSON', async () => {
    // Prepare
    await writeFile(path.join(input, 'a.jsonl.gz'), gzipSync(pairLines(3)));
    await writeFile(path.join(input, 'b.jsonl.gz'), gzipSync(pairLines(2)));
    await writeFile(path.join(input, 'left-out.jsonl'), 'x');
    await writeFile(path.join(input, '../today'), '[{"prefix":"in/"},"a.jsonl.gz","b.jsonl.gz"]');

    // Act
    const capture = path.join(input, '../capture');
    const manifest = [
      '--input',
      path.join(input, '../today'),
      '--manifest',
      '--compression',
      'Gzip',
      '--capture',
      capture,
    ];
    const join = ['--join', 'Input', '--output-filter', "$['in0','SageMakerOutput']", '--instances', '2'];
    const ended = await transform(...manifest, ...join, '--json');

    // Assess
    expect(ended.exitCode).toBe(0);
    expect(JSON.parse(ended.out)).toMatchObject({ objects: 2, outputs: 2, recordsIn: 5, recordsOut: 5, failures: [] });
    expect(ended.errors).toMatch(/5 records in 2 inputs; starting 2 model servers/);
    const lines = await linesOf('a.jsonl.gz.out');
    expect(lines[2]).toEqual({ in0: pair(2).in0, SageMakerOutput: { scores: expect.any(Array) } });
    const captured = await readdir(path.join(capture, 'output'), { recursive: true, withFileTypes: true });
    const [file] = captured.filter((entry) => entry.isFile());
    expect(JSON.parse(await readFile(path.join(file!.parentPath, file!.name), 'utf8'))).toEqual(
      expect.arrayContaining([{ prefix: `${output}/` }, 'a.jsonl.gz.out', 'b.jsonl.gz.out']),
    );
  });

  it('explains itself with examples and exit codes', async () => {
    const ended = await runTwinvec(['transform', '--help']);

    expect(ended.exitCode).toBe(0);
    expect(ended.out).toMatch(/twinvec transform --model model.tar.gz --input pairs.jsonl --output scores/);
    expect(ended.out).toMatch(/Exit codes:/);
  });
});
