/** The verbs that a person types, one after the other: train, serve, invoke; and what they say when something is wrong. */
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { runTwinvec, spawnTwinvec } from '../run-twinvec.ts';

const SETTINGS = ['enc0_network=pooled_embedding', 'enc0_vocab_size=20', 'enc0_max_seq_len=5', 'enc_dim=8', 'epochs=1'];
/** What `plan` needs to know besides time and rates. */
const WORK = ['--records', '1000', '--record-bytes', '400'];

let work: string;
let pairs: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'twinvec-verbs-'));
  pairs = join(work, 'pairs.jsonl');
  const lines = Array.from({ length: 64 }, (_, n) =>
    JSON.stringify({ label: n % 2, in0: [n % 20], in1: [(n * 7) % 20, 1] }),
  );
  await writeFile(pairs, lines.join('\n'));
});

afterAll(() => rm(work, { recursive: true }));

/** Where a server listens, told by an option or by SageMaker's variable. */
interface Place {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves with the address once the server's log says that it is ready. */
async function startServe(model: string, { args = [], env = {} }: Place, engine: string) {
  const child = spawnTwinvec(['serve', '--model', model, ...args, '--engine', engine], env);
  const exited = once(child, 'close');
  let url = '';
  for await (const line of createInterface({ input: child.stdout! })) {
    const entry = line.startsWith('{') ? (JSON.parse(line) as { event: string; port?: number }) : { event: line };
    if (entry.event === 'listening') url = `http://127.0.0.1:${entry.port}`;
    if (entry.event === 'ready') break;
  }
  child.stdout!.resume();
  const stop = () => {
    child.kill('SIGTERM');
    return exited;
  };
  return { url, stop };
}

const PLACES: readonly Place[] = [{ args: ['--port', '0'] }, { env: { SAGEMAKER_BIND_TO_PORT: '0' } }];

describe.each(ENGINES)('on the %s engine', (engine) => {
  it.each(PLACES)('trains a model, serves it at %j and answers a request from the command line', async (place) => {
    // Prepare
    const model = await mkdtemp(join(work, `model-${engine}-`));

    // Act
    const trained = await runTwinvec([
      'train',
      '--train',
      pairs,
      '--output',
      model,
      '--engine',
      engine,
      '--set',
      ...SETTINGS,
    ]);
    const server = await startServe(model, place, engine);
    const answered = await runTwinvec(['invoke', '{"instances":[{"in0":[3],"in1":[4,5]}]}', '--url', server.url]);
    const piped = await runTwinvec(['invoke', '-', '--content-type', 'application/jsonlines', '--url', server.url], {
      input: '{"in0":[3]}\n{"in0":[4]}\n',
    });
    const refused = await runTwinvec(['invoke', '{"instances":[{"in0":[99]}]}', '--url', server.url]);
    const [exitCode] = await server.stop();

    // Assess
    expect(trained.exitCode).toBe(0);
    expect(trained.out).toContain('#quality_metric: host=');
    expect(await readdir(model)).toEqual(expect.arrayContaining(['1', 'object2vec.json']));
    expect(JSON.parse(answered.out).predictions[0].scores).toHaveLength(2);
    expect(piped.out.trimEnd().split('\n')).toHaveLength(2);
    expect(refused).toMatchObject({ exitCode: 1, out: expect.stringContaining('"TokenOutOfVocabulary"') });
    expect(exitCode).toBe(0);
  });
});

describe('when something is wrong', () => {
  it('lists every wrong hyperparameter, ends with 1 and writes no model', async () => {
    // Act
    const model = join(work, 'never');
    const ended = await runTwinvec([
      'train',
      '--train',
      pairs,
      '--output',
      model,
      '--set',
      ...SETTINGS,
      'epochs=0',
      'colour=red',
    ]);

    // Assess
    expect(ended.exitCode).toBe(1);
    expect(ended.errors).toMatch(/epochs/);
    expect(ended.errors).toMatch(/colour/);
    expect(await readdir(work)).not.toContain('never');
  });

  it.each([
    [['train', '--train', 'nowhere.jsonl', '--output', 'out'], /no file or folder nowhere\.jsonl/],
    [['train', '--train', 'x', '--output', 'test'], /not empty/],
    [['train', '--train', 'x', '--output', 'out', '--set', 'epochs'], /write it as name=value/],
    [['train', '--train', 'test', '--output', 'out', '--hyperparameters', 'nowhere.json'], /no readable file nowhere/],
    [['train', '--train', 'test', '--output', 'out', '--checkpoints', 'package.json'], /package\.json is no folder/],
    [['serve', '--model', 'nowhere'], /no model at nowhere/],
    [['plan', ...WORK, '--deadline', '4m', '--rate', 'ml.g5.xlarge=9'], /'--deadline <time>' argument '4m'.*90min/],
    [['plan', ...WORK, '--deadline', '4min', '--rate', 'ml.g5.xlarge=9'], /--deadline is 4 min 00 s, which --start/],
    [['plan', ...WORK, '--deadline', '4h', '--rate', 'ml.g5.xlarge=0'], /'--rate .*above 0/],
    [['plan', ...WORK, '--deadline', '4h', '--rate', 'ml.z9.xlarge=9'], /--price ml\.z9\.xlarge=DOLLARS/],
    [['plan', ...WORK, '--deadline', '4h'], /'--rate <type=records\/s\.\.\.>' not specified/],
    [['invoke', '@nowhere.json'], /no readable file nowhere\.json/],
    [['invoke', '{}', '--url', 'http://127.0.0.1:1'], /Nothing answers at http:\/\/127\.0\.0\.1:1/],
  ])('refuses %j with one line that says what', async (args, message) => {
    // Act
    const ended = await runTwinvec(args);

    // Assess
    expect(ended.exitCode).toBe(2);
    expect(ended.errors).toMatch(message);
    expect(ended.errors).not.toMatch(/\n {4}at /);
  });

  it.each(['prepare', 'train', 'serve', 'transform', 'neighbours', 'evaluate', 'index', 'plan', 'invoke', 'local'])(
    'explains %s with examples',
    async (verb) => {
      // Act
      const { exitCode, out } = await runTwinvec([verb, '--help']);

      // Assess
      expect(exitCode).toBe(0);
      expect(out).toMatch(/Examples:.*twinvec /s);
    },
  );
});
