/** MaxPayloadInMB 0: an object of any size as one body in chunks, its answer straight into the output. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { LINES, useFolderTransform } from './folder-transform.ts';

const STREAMED = { ...LINES, maxPayloadMb: 0 } as const;

const transform = useFolderTransform();

describe('MaxPayloadInMB 0', () => {
  it('sends an object as one body in chunks, larger than any payload, and streams the answer out', async () => {
    const text = `${'x'.repeat(999)}\n`.repeat(3000);
    await transform.put({ 'a.jsonl': text, 'crlf.jsonl': '1\r\n\r\n2', 'empty.jsonl': '', 'blank.jsonl': '\n \n' });

    const report = await transform.run({ choices: STREAMED });

    expect(await transform.output('a.jsonl.out')).toBe(text);
    expect(await transform.output('crlf.jsonl.out')).toBe('1\n2\n');
    expect(await transform.output('empty.jsonl.out')).toBe('');
    expect(await transform.output('blank.jsonl.out')).toBe('');
    expect(transform.server.bodies).toHaveLength(2);
    expect(transform.server.chunkedBodies).toBe(2);
    expect(report).toMatchObject({ recordsIn: 3002, recordsOut: 3002, failures: [] });
  });

  it('sends a whole document that is not split', async () => {
    await transform.put({ 'a.bin': 'a\n\nb' });

    await transform.run({ choices: { maxPayloadMb: 0 } });

    expect(await transform.output('a.bin.out')).toBe('a\n\nb');
  });

  it('sends single records whatever their size, one request each', async () => {
    const large = 'x'.repeat(2 * 1024 * 1024);
    await transform.put({ 'a.jsonl': `1\n${large}\n` });

    await transform.run({ choices: { ...STREAMED, strategy: 'SingleRecord' } });

    expect(transform.server.bodies).toEqual(['1', large]);
  });

  it.each(['500-once', 'drop-once'])('begins its output again after %s', async (sentinel) => {
    await transform.put({ 'a.jsonl': `1\n${sentinel}\n2\n` });

    const report = await transform.run({ choices: STREAMED });

    expect(report).toMatchObject({ retries: 1, failures: [], recordsOut: 3 });
    expect(await transform.output('a.jsonl.out')).toBe(`1\n${sentinel}\n2\n`);
    expect(await transform.outputs()).toEqual(['a.jsonl.out']);
  });

  it.each([
    ['400', /^ClientError: 400/],
    ['500', /^Bad HTTP status received from algorithm: 500/],
    ['drop', /^Unable to get response from algorithm/],
    ['lose', /answered 2 records for the 3/],
  ])('leaves no output after %s', async (sentinel, cause) => {
    await transform.put({ 'a.jsonl': `1\n${sentinel}\n2\n` });

    const report = await transform.run({ choices: STREAMED });

    expect(report.failures[0]?.cause).toMatch(cause);
    expect(await transform.outputs()).toEqual([]);
  });

  it('blames an object that cannot be read, not the server', async () => {
    await transform.put({ 'cut.gz': gzipSync('1\n'.repeat(100_000)).subarray(0, -10) });

    const report = await transform.run({ choices: STREAMED, compression: 'Gzip' });

    expect(report.failures).toEqual([
      { object: 'cut.gz', blame: 'ClientError', cause: expect.stringMatching(/^the gzip object is cut off/) },
    ]);
    expect(report.retries).toBe(0);
  });

  it('is refused with filters also when only the container says 0', async () => {
    await transform.put({ 'a.csv': '1,2\n' });
    const csv = readDataProcessing({ ...LINES, contentType: 'text/csv', inputFilter: '$[0]' });

    await expect(
      transform.run(
        { choices: { ...LINES, maxPayloadMb: undefined }, processing: csv },
        { executionParameters: { MaxPayloadInMB: 0 } },
      ),
    ).rejects.toThrow(/MaxPayloadInMB 0 streams objects/);
  });
});
