import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventLine, openLogFile, parseEventLine } from '../../../../local/logs/log-file.ts';
import { ENDPOINT_LOGS, logFilePath } from '../../../../local/logs/log-groups.ts';
import { createLogOperations } from '../../../../local/logs/log-operations.ts';

const GROUP = `${ENDPOINT_LOGS}/pairs`;
const TIME = new Date('2026-01-02T03:04:05.678Z');

interface Answer {
  readonly events: readonly { readonly message: string; readonly timestamp: number }[];
  readonly logStreams: readonly { readonly logStreamName: string }[];
  readonly nextToken?: string;
  readonly nextForwardToken: string;
  readonly nextBackwardToken: string;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-logs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const call = async (operation: string, request: object): Promise<Answer> =>
  (await createLogOperations(folder).operations[operation]!(request, { region: 'eu-west-1' })) as Answer;

/** Events `from`, `from + 1`, ... one second apart. */
async function putStream(name: string, messages: readonly string[]): Promise<void> {
  const file = logFilePath(folder, GROUP, name);
  (await openLogFile(file)).end();
  await writeFile(file, messages.map((message, n) => eventLine(new Date(TIME.getTime() + 1000 * n), message)).join(''));
}

const messagesOf = ({ events }: Answer) => events.map(({ message }) => message);

it('keeps each line of a stream with its time, as a person would read it', async () => {
  // Prepare
  const file = path.join(folder, 'a/b.log');
  const log = await openLogFile(file);
  const source = new PassThrough();
  const seen: string[] = [];

  // Act
  log.follow(source, (line) => seen.push(line));
  source.end('one\ntwo');
  await finished(source);
  await expect.poll(() => seen, { timeout: 60_000 }).toEqual(['one', 'two']);
  log.write('three\nfour');
  log.end();

  // Assess
  await expect
    .poll(() => readFile(file, 'utf8'), { timeout: 60_000 })
    .toMatch(/^\S+Z one\n\S+Z two\n\S+Z three four\n$/);
});

it('gives a line without a time that of the line before', () => {
  expect(parseEventLine(eventLine(TIME, 'x y').trimEnd(), 0)).toEqual({ timestamp: TIME.getTime(), message: 'x y' });
  expect(parseEventLine('x y', 7)).toEqual({ timestamp: 7, message: 'x y' });
});

describe('DescribeLogStreams', () => {
  it('lists the streams with a prefix in pages', async () => {
    await putStream('a/i-1', []);
    await putStream('a/i-1/data-log', []);
    await putStream('a/i-2', []);
    await putStream('b/i-3', []);
    const query = { logGroupName: GROUP, logStreamNamePrefix: 'a/', limit: 2 };

    const first = await call('DescribeLogStreams', query);
    const second = await call('DescribeLogStreams', { ...query, nextToken: first.nextToken });

    expect(first.logStreams.map((stream) => stream.logStreamName)).toEqual(['a/i-1', 'a/i-1/data-log']);
    expect(second.logStreams.map((stream) => stream.logStreamName)).toEqual(['a/i-2']);
    expect(second.nextToken).toBeUndefined();
  });

  it.each([['/aws/sagemaker/none'], ['/aws/../../etc']])('refuses the group %s', async (logGroupName) => {
    await expect(call('DescribeLogStreams', { logGroupName })).rejects.toThrow(/does not exist|plain name/);
  });
});

describe('GetLogEvents', () => {
  const query = { logGroupName: GROUP, logStreamName: 's' };

  it('goes forward page by page, and stays at the end until there is more', async () => {
    // Prepare
    await putStream('s', ['one', 'two', 'three']);

    // Act
    const first = await call('GetLogEvents', { ...query, startFromHead: true, limit: 2 });
    const second = await call('GetLogEvents', { ...query, nextToken: first.nextForwardToken });
    const none = await call('GetLogEvents', { ...query, nextToken: second.nextForwardToken });
    await putStream('s', ['one', 'two', 'three', 'four']);
    const more = await call('GetLogEvents', { ...query, nextToken: none.nextForwardToken });

    // Assess
    expect(messagesOf(first)).toEqual(['one', 'two']);
    expect(first.events[1]!.timestamp).toBe(TIME.getTime() + 1000);
    expect(messagesOf(second)).toEqual(['three']);
    expect(messagesOf(none)).toEqual([]);
    expect(none.nextForwardToken).toBe(second.nextForwardToken);
    expect(messagesOf(more)).toEqual(['four']);
  });

  it('begins with the last events, and goes back from there', async () => {
    await putStream('s', ['one', 'two', 'three']);

    const last = await call('GetLogEvents', { ...query, limit: 2 });
    const before = await call('GetLogEvents', { ...query, nextToken: last.nextBackwardToken });
    const none = await call('GetLogEvents', { ...query, nextToken: before.nextBackwardToken });

    expect(messagesOf(last)).toEqual(['two', 'three']);
    expect(messagesOf(before)).toEqual(['one']);
    expect(messagesOf(none)).toEqual([]);
  });

  it('leaves out events before and after the times asked for', async () => {
    await putStream('s', ['one', 'two', 'three']);
    const from = TIME.getTime() + 1000;

    const some = await call('GetLogEvents', { ...query, startFromHead: true, startTime: from, endTime: from + 1 });

    expect(messagesOf(some)).toEqual(['two']);
  });

  it('says so when there is no such stream, or the token is not its own', async () => {
    await putStream('s', []);

    await expect(call('GetLogEvents', { ...query, logStreamName: 'none' })).rejects.toThrow(/stream does not exist/);
    await expect(call('GetLogEvents', { ...query, nextToken: 'x' })).rejects.toThrow(/nextToken is invalid/);
  });
});

describe('FilterLogEvents', () => {
  it('goes through all streams and keeps what holds every term', async () => {
    // Prepare
    await putStream('a', ['error in a', 'fine']);
    await putStream('b', ['an error, at last', 'error in b']);
    const found: string[] = [];
    let nextToken: string | undefined;

    // Act
    do {
      const query = { logGroupName: GROUP, filterPattern: '"error in"', limit: 1, ...(nextToken ? { nextToken } : {}) };
      const page = await call('FilterLogEvents', query);
      found.push(...messagesOf(page));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);

    // Assess
    expect(found).toEqual(['error in a', 'error in b']);
  });

  it('refuses patterns that it does not know', async () => {
    await putStream('a', []);

    await expect(call('FilterLogEvents', { logGroupName: GROUP, filterPattern: '{ $.a = 1 }' })).rejects.toThrow(
      /words and "quoted phrases" only/,
    );
  });
});
