import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderSink, folderSource } from '../../../../local/transform/folder-storage.ts';
import { runTransform, type TransformOptions } from '../../../../local/transform/run-transform.ts';
import { type EchoOptions, type EchoServer, startEchoServer } from './echo-server.ts';

const LINES = { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 1 } as const;
const atOnce = async (): Promise<void> => undefined;

let folder: string;
let server: EchoServer;
let log: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-transform-'));
  await mkdir(path.join(folder, 'in'));
  log = [];
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function put(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, 'in', name)), { recursive: true });
    await writeFile(path.join(folder, 'in', name), text);
  }
}

async function run(change: Partial<TransformOptions> = {}, echo: EchoOptions = {}) {
  server = await startEchoServer(echo);
  return runTransform({
    source: folderSource(path.join(folder, 'in')),
    sink: folderSink(path.join(folder, 'out')),
    servers: [{ url: server.url }],
    choices: LINES,
    requests: { backOff: atOnce },
    log: (line) => log.push(line),
    ...change,
  });
}

async function outputs(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const entries = await readdir(path.join(folder, 'out'), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((e) => e.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    found[path.relative(path.join(folder, 'out'), file)] = await readFile(file, 'utf8');
  }
  return found;
}

describe('a transform of a folder', () => {
  it('writes one .out per object, sub-folders and odd names kept', async () => {
    await put({ 'a.jsonl': '1\n2\n', 'sub/b c+%2F漢🙂.jsonl': '3', "it's\nodd.jsonl": '4\n' });

    const report = await run();

    expect(await outputs()).toEqual({
      'a.jsonl.out': '1\n2\n',
      'sub/b c+%2F漢🙂.jsonl.out': '3\n',
      "it's\nodd.jsonl.out": '4\n',
    });
    expect(report).toMatchObject({ objects: 3, recordsIn: 4, recordsOut: 4, failures: [], placeholders: 0 });
    expect(log[0]).toBe('MaxConcurrentTransforms=1, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD');
  });

  it('keeps the order of records whatever order the requests end in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 25 }), fc.infiniteStream(fc.nat()), async (count, picks) => {
        // Prepare
        await put({ 'a.jsonl': Array.from({ length: count }, (_, i) => i).join('\n') });
        const waiting: (() => void)[] = [];
        let left = count;
        const beforeAnswer = () =>
          new Promise<void>((resolve) => {
            waiting.push(resolve);
            if (waiting.length < Math.min(4, left)) return;
            left -= waiting.length;
            while (waiting.length > 0) waiting.splice(picks.next().value % waiting.length, 1)[0]?.();
          });

        // Act
        await run({ choices: { ...LINES, strategy: 'SingleRecord', maxConcurrentTransforms: 4 } }, { beforeAnswer });

        // Assess
        expect(await outputs()).toEqual({ 'a.jsonl.out': Array.from({ length: count }, (_, i) => `${i}\n`).join('') });
        expect(server.mostInFlight).toBe(Math.min(4, count));
        await server.close();
      }),
      { numRuns: 20 },
    );
    server = await startEchoServer();
  });

  it('runs many small objects side by side', async () => {
    await put(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}.jpg`, `image ${i}`])));
    let arrived = 0;
    let allHere = (): void => undefined;
    const fourHere = new Promise<void>((resolve) => {
      allHere = resolve;
    });
    const beforeAnswer = async () => {
      arrived += 1;
      if (arrived === 4) allHere();
      await fourHere;
    };

    await run({ choices: { maxConcurrentTransforms: 4 } }, { beforeAnswer });

    expect(server.mostInFlight).toBe(4);
    expect(Object.keys(await outputs())).toHaveLength(8);
  });

  it('takes what /execution-parameters says where the job says nothing', async () => {
    await put({ 'a.jsonl': '1\n2\n' });

    const report = await run(
      { choices: { splitType: 'Line', assembleWith: 'Line' } },
      { executionParameters: { MaxConcurrentTransforms: 3, BatchStrategy: 'SINGLE_RECORD', MaxPayloadInMB: 2 } },
    );

    expect(report.settings).toMatchObject({ maxConcurrentTransforms: 3, strategy: 'SingleRecord', maxPayloadMb: 2 });
    expect(server.bodies).toEqual(['1', '2']);
  });

  it('counts and lists placeholders with file and line, and keeps everything else', async () => {
    await put({ 'a.jsonl': '1\n\nbad\n2\n' });

    const report = await run();

    expect(await outputs()).toEqual({ 'a.jsonl.out': '1\n{"error":{"code":"MalformedJson"}}\n2\n' });
    expect(report).toMatchObject({ recordsIn: 3, recordsOut: 3, placeholders: 1, failures: [] });
    expect(report.listedPlaceholders).toEqual([
      { object: 'a.jsonl', line: 3, text: '{"error":{"code":"MalformedJson"}}' },
    ]);
  });

  it('makes an empty output of a zero-byte object without asking the model', async () => {
    await put({ 'empty.jsonl': '' });

    const report = await run();

    expect(await outputs()).toEqual({ 'empty.jsonl.out': '' });
    expect(report).toMatchObject({ objects: 1, recordsIn: 0 });
    expect(server.bodies).toEqual([]);
  });

  it('refuses an input without objects', async () => {
    await expect(run()).rejects.toThrow('the input holds no objects');
  });
});

describe('a transform that meets failures', () => {
  it('gives the failed object no output, keeps the others, and logs as the service does', async () => {
    await put({ 'a.jsonl': '1\n', 'b.jsonl': '2\n400\n', 'c.jsonl': '3\n' });

    const report = await run();

    expect(Object.keys(await outputs())).toEqual(['a.jsonl.out', 'c.jsonl.out']);
    expect(report.failures).toEqual([
      { object: 'b.jsonl', blame: 'ClientError', cause: 'ClientError: 400: {"error":"sentinel 400"}' },
    ]);
    expect(report.retries).toBe(0);
    expect(log.slice(1)).toEqual([
      'b.jsonl: ClientError: 400',
      'b.jsonl: ',
      'b.jsonl: Message:',
      'b.jsonl: {"error":"sentinel 400"}',
    ]);
  });

  it.each(['500-once', 'drop-once', 'hang-once'])('tries again after %s', async (sentinel) => {
    await put({ 'a.jsonl': `1\n${sentinel}\n` });

    const report = await run({ requests: { backOff: atOnce, timeoutMs: 1000 } });

    expect(report).toMatchObject({ retries: 1, failures: [] });
    expect(await outputs()).toEqual({ 'a.jsonl.out': `1\n${sentinel}\n` });
  });

  it.each([
    ['500', /^Bad HTTP status received from algorithm: 500: /],
    ['drop', /^Unable to get response from algorithm: the connection broke/],
    ['hang', /^Unable to get response from algorithm: no answer within 1 s/],
  ])('gives up on %s after the retries, with the cause', async (sentinel, cause) => {
    await put({ 'a.jsonl': `1\n${sentinel}\n` });

    const report = await run({ requests: { backOff: atOnce, timeoutMs: 1000, maxRetries: 2 } });

    expect(report.retries).toBe(2);
    expect(report.failures[0]?.cause).toMatch(cause);
    expect(await outputs()).toEqual({});
  });

  it('fails an object whose answer lost a record, naming it', async () => {
    await put({ 'a.jsonl': '1\nlose\n2\n' });

    const report = await run();

    expect(report.failures).toEqual([
      { object: 'a.jsonl', blame: 'AlgorithmError', cause: expect.stringMatching(/answered 2 records for the 3/) },
    ]);
    expect(await outputs()).toEqual({});
  });

  it('names line and offset of a record over the payload limit', async () => {
    await put({ 'a.jsonl': `1\n${'x'.repeat(1_048_577)}\n`, 'b.jsonl': '2\n' });

    const report = await run();

    expect(report.failures).toEqual([
      {
        object: 'a.jsonl',
        blame: 'ClientError',
        cause: expect.stringMatching(/^line 2 \(byte offset 2\): .* 1048576 bytes/),
      },
    ]);
    expect(Object.keys(await outputs())).toEqual(['b.jsonl.out']);
  });

  it('says how the server ended when it is gone, and leaves no truncated output', async () => {
    await put({ 'a.jsonl': '1\n2\n3\n' });
    const dying = await startEchoServer({
      beforeAnswer: async (body) => {
        if (body === '2') void dying.close();
      },
    });

    const report = await run({
      choices: { ...LINES, strategy: 'SingleRecord' },
      servers: [{ url: dying.url, describeEnd: () => 'the server ended by SIGKILL' }],
    });

    expect(report.failures[0]?.cause).toBe('Unable to get response from algorithm: the server ended by SIGKILL');
    expect(await outputs()).toEqual({});
  });

  it('stops when told to: finished outputs stay, no other appears', async () => {
    await put({ 'a.jsonl': '1\n', 'b.jsonl': '2\nhang\n', 'c.jsonl': '3\n' });
    const stop = new AbortController();

    const report = await run(
      { signal: stop.signal },
      {
        beforeAnswer: async (body) => {
          if (body.includes('hang')) stop.abort(new Error('stopped'));
        },
      },
    );

    expect(report.stopped).toBe(true);
    expect(Object.keys(await outputs())).toEqual(['a.jsonl.out']);
  });
});
