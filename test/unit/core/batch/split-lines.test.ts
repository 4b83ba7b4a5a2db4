import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '#core/batch/record-splitter.ts';
import { splitLines } from '#core/batch/split-lines.ts';
import { cutAt, streamOf } from './byte-streams.ts';

async function recordsOf(chunks: readonly Uint8Array[], maxRecordBytes = 1000): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  for await (const group of splitLines(streamOf(chunks), { maxRecordBytes })) records.push(...group);
  return records;
}

async function textsOf(text: string): Promise<string[]> {
  return (await recordsOf([Buffer.from(text)])).map((record) => Buffer.from(record.bytes).toString());
}

describe('splitting an object into lines', () => {
  it.each([
    ['lines that end with \\n', 'a\nb\n', ['a', 'b']],
    ['lines that end with \\r\\n', 'a\r\nb\r\n', ['a', 'b']],
    ['a last line without its end', 'a\nb', ['a', 'b']],
    ['a lone \\r, which is data', 'a\rb\n', ['a\rb']],
    ['U+2028, which is data', 'a\u2028b\n', ['a\u2028b']],
    ['no bytes at all', '', []],
    ['blank lines and lines of spaces, which hold no record', '\n  \na\n\r\n\t\nb\n\n', ['a', 'b']],
    ['leading and trailing spaces of a record, which stay', ' a \n', [' a ']],
  ])('takes %s', async (_name, text, expected) => {
    expect(await textsOf(text)).toEqual(expected);
  });

  it('numbers lines from one and counts the blank ones', async () => {
    const records = await recordsOf([Buffer.from('a\n\n\nb\nc')]);

    expect(records.map((record) => record.line)).toEqual([1, 4, 5]);
  });

  it('gives the same records however the stream is cut', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\r', '"', '\u2028', '漢'), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.array(fc.nat(200)),
        async (lines, ending, endsOpen, cuts) => {
          // Prepare
          const bytes = Buffer.from(lines.join(ending) + (endsOpen ? '' : ending));

          // Act
          const whole = await recordsOf([bytes]);
          const cut = await recordsOf(cutAt(bytes, cuts));

          // Assess
          const plain = (records: SourceRecord[]) => records.map((r) => [r.line, Buffer.from(r.bytes).toString('hex')]);
          expect(plain(cut)).toEqual(plain(whole));
        },
      ),
    );
  });

  it('names line and byte offset of a record over the limit', async () => {
    await expect(recordsOf([Buffer.from('ab\n12345\n')], 4)).rejects.toThrow(/^line 2 \(byte offset 3\): .* 4 bytes/);
  });

  it('lets a record of exactly the limit pass, with either line end', async () => {
    expect(await recordsOf([Buffer.from('1234\r\n12'), Buffer.from('34\r'), Buffer.from('\n1234')], 4)).toHaveLength(3);
  });

  it('refuses an endless line before it has read more than one chunk past the limit', async () => {
    // Prepare
    let chunksRead = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        chunksRead += 1;
        yield Buffer.alloc(1024, 'x');
      }
    }

    // Act
    const reading = (async () => {
      for await (const _ of splitLines(endless(), { maxRecordBytes: 10_000 }));
    })();

    // Assess
    await expect(reading).rejects.toThrow(/^line 1 \(byte offset 0\)/);
    expect(chunksRead).toBe(10);
  });
});
