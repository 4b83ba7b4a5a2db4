/** What the image's two verbs do as SageMaker starts them: the user, the read-only root, the port, the signal, the artifact. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { type LogLine, startServer } from '../server-process.ts';
import { commandInImage, imageUnderTest, runInImage } from './image.ts';

const image = imageUnderTest()!;
const USER = 1000;
const PAIRS = Array.from({ length: 64 }, (_, n) =>
  JSON.stringify({ label: n % 2, in0: [n % 20], in1: [(n * 7) % 20] }),
);
const HYPERPARAMETERS = { enc0_network: 'pooled_embedding', enc0_vocab_size: '20', enc0_max_seq_len: '5', epochs: '1' };
const PAIR = '{"instances":[{"in0":[3],"in1":[4,5]}]}';
const SCORED = { predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] };

let scratch: string;
let model: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'twinvec-image-check-'));
  // As /opt/ml is: for everybody to read.
  await chmod(scratch, 0o755);
  model = (await trainPairModel(scratch, 'js')).folder;
});

afterAll(() => rm(scratch, { recursive: true }));

function invoke(url: string, type: string, body: string): Promise<Response> {
  return fetch(`${url}/invocations`, { method: 'POST', body, headers: { 'content-type': type } });
}

function status(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The first line of this event that a process writes. */
async function logged({ stdout }: ChildProcess, event: string): Promise<LogLine> {
  for await (const text of createInterface({ input: stdout! })) {
    const line = JSON.parse(text) as LogLine;
    if (line.event === event) return line;
  }
  throw new Error(`The process ended without ${event}.`);
}

describe('a server in the image', () => {
  it('answers with TensorFlow, as a user without rights, on a root that it cannot write, and ends at SIGTERM', async () => {
    // Prepare
    const server = await startServer({ modelDir: model, env: { TWINVEC_ENGINE: 'tensorflow' } });

    // Act
    const ping = await fetch(`${server.url}/ping`);
    const json = await invoke(server.url, 'application/json', PAIR);
    const lines = await invoke(server.url, 'application/jsonlines', '{"in0":[3]}\n{"in0":[4]}\n');
    const users = [status(server.pid, 'Uid'), status(server.pid, 'Gid'), status(server.pid, 'Groups').trim()];
    const rights = ['CapInh', 'CapPrm', 'CapEff'].map((field) => Number(`0x${status(server.pid, field)}`));
    const mounts = readFileSync(`/proc/${server.pid}/mounts`, 'utf8').split('\n');
    const { exitCode } = await server.stop();

    // Assess
    expect([ping.status, json.status, lines.status]).toEqual([200, 200, 200]);
    expect(await json.json()).toEqual(SCORED);
    expect((await lines.text()).trim().split('\n')).toHaveLength(2);
    expect(users).toEqual([`${USER}\t`.repeat(4).trim(), `${USER}\t`.repeat(4).trim(), `${USER}`]);
    expect(rights).toEqual([0, 0, 0]);
    expect(mounts.find((line) => line.split(' ')[1] === '/')).toMatch(/ ro[, ]/);
    expect(server.logs.filter(({ event }) => event === 'runs_as_root')).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('stays root, and says why, where its files are for root alone', async () => {
    // Prepare: a file that SageMaker would have unpacked with its archive's rights
    const baseDir = join(scratch, 'closed');
    await mkdir(join(baseDir, 'model/code'), { recursive: true });
    await writeFile(join(baseDir, 'model/code/private'), '');
    await chmod(join(baseDir, 'model/code/private'), 0o600);

    // Act: no model is there, so that the server ends
    const { exitCode, out } = await runInImage(image, { '/opt/ml': baseDir }, ['serve']);

    // Assess
    expect(exitCode).toBe(1);
    expect(out).toContain('"event":"runs_as_root"');
    expect(out).toContain('/opt/ml/model/code/private may be read by root alone');
  });

  it('listens on the port of SAGEMAKER_BIND_TO_PORT', async () => {
    // Prepare
    const port = await freePort();

    // Act
    const server = await startServer({ modelDir: model, env: { SAGEMAKER_BIND_TO_PORT: String(port) } });
    const answer = await invoke(`http://127.0.0.1:${port}`, 'application/json', PAIR);
    await server.stop();

    // Assess
    expect([server.port, answer.status]).toEqual([port, 200]);
  });

  it('listens on port 8080 of every address where SageMaker names none', async () => {
    // Prepare: a network of its own, where no other server has the port
    const mounts = { '/opt/ml': scratch, '/opt/ml/model': model };
    const command = ['--net', ...commandInImage(image, mounts, ['serve'])];

    // Act
    const server = spawn('unshare', command, { env: { ...image.env }, stdio: ['ignore', 'pipe', 'inherit'] });
    const { port, address } = await logged(server, 'listening');
    server.kill('SIGTERM');
    const [exitCode] = await once(server, 'close');

    // Assess
    expect([port, address]).toEqual([8080, '0.0.0.0']);
    expect(exitCode).toBe(0);
  });
});

describe.each(['tensorflow', 'js'])('training in the image with %s', (engine) => {
  it('writes, as the same user, the model that SageMaker packs and that `serve` then answers from', async () => {
    // Prepare
    const baseDir = join(scratch, `job-${engine}`);
    await mkdir(join(baseDir, 'input/config'), { recursive: true });
    await writeFile(join(baseDir, 'input/config/hyperparameters.json'), JSON.stringify(HYPERPARAMETERS));
    for (const channel of ['train', 'validation']) {
      await mkdir(join(baseDir, 'input/data', channel), { recursive: true });
      await writeFile(join(baseDir, 'input/data', channel, 'pairs.jsonl'), PAIRS.join('\n'));
    }
    const env = { TWINVEC_ENGINE: engine };

    // Act
    const { exitCode, out, errors } = await runInImage(image, { '/opt/ml': baseDir }, ['train'], env);
    const server = await startServer({ modelDir: join(baseDir, 'model'), env });
    const answer = await invoke(server.url, 'application/json', PAIR);
    const end = await server.stop();

    // Assess
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: expect.not.stringContaining('as root') });
    expect(out).toContain('#quality_metric: host=');
    expect(statSync(join(baseDir, 'model/object2vec.json')).uid).toBe(USER);
    expect(await answer.json()).toEqual(SCORED);
    expect(end.exitCode).toBe(0);
  });

  it('ends with the failure that SageMaker shows where a record is wrong', async () => {
    // Prepare
    const baseDir = join(scratch, `failing-${engine}`);
    await mkdir(join(baseDir, 'input/config'), { recursive: true });
    await mkdir(join(baseDir, 'input/data/train'), { recursive: true });
    await writeFile(join(baseDir, 'input/config/hyperparameters.json'), JSON.stringify(HYPERPARAMETERS));
    await writeFile(join(baseDir, 'input/data/train/pairs.jsonl'), '{"label":0,"in0":[20],"in1":[1]}\n');

    // Act
    const { exitCode } = await runInImage(image, { '/opt/ml': baseDir }, ['train'], { TWINVEC_ENGINE: engine });

    // Assess
    expect(exitCode).toBe(1);
    expect(readFileSync(join(baseDir, 'output/failure'), 'utf8')).toMatch(
      /^ClientError: train\/pairs\.jsonl: Line 1, in0\[0\]/,
    );
  });
});
