/** SplitType TFRecord and RecordIO: what the model is sent of objects whose records are in frames. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MiniBatch, type MiniBatchOptions, miniBatches } from '#core/batch/mini-batches.ts';
import { writeRecordIo } from '#core/framing/recordio.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { cutAt, streamOf } from './byte-streams.ts';

async function batchesOf(chunks: readonly Uint8Array[], options: Partial<MiniBatchOptions> = {}): Promise<MiniBatch[]> {
  const all: MiniBatchOptions = {
    splitType: 'TFRecord',
    strategy: 'SingleRecord',
    maxPayloadBytes: 1000,
    ...options,
  };
  return Array.fromAsync(miniBatches(streamOf(chunks), all));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe.each([
  { splitType: 'TFRecord', write: writeTfRecord, frameBytes: 16 },
  { splitType: 'RecordIO', write: writeRecordIo, frameBytes: 8 },
] as const)('splitting an object by $splitType', ({ splitType, write, frameBytes }) => {
  const records = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 12 });

  it('sends one record without its frame, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.array(fc.nat(600)), async (all, cuts) => {
        const object = Buffer.concat(all.map(write));
        const batches = await batchesOf(cutAt(object, cuts), { splitType });
        expect(batches.map(({ body }) => hex(body))).toEqual(all.map(hex));
        expect(batches.map(({ lines }) => lines)).toEqual(all.map((_, index) => [index + 1]));
      }),
    );
  });

  it('sends as many whole frames as fit, which together are the object, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.integer({ min: 64, max: 200 }),
        fc.array(fc.nat(600)),
        async (all, maxPayloadBytes, cuts) => {
          // Prepare
          const object = Buffer.concat(all.map(write));
          const options = { splitType, strategy: 'MultiRecord', maxPayloadBytes } as const;

          // Act
          const batches = await batchesOf(cutAt(object, cuts), options);

          // Assess
          expect(hex(Buffer.concat(batches.map(({ body }) => body)))).toBe(hex(object));
          expect(batches.flatMap(({ lines }) => lines)).toEqual(all.map((_, index) => index + 1));
          for (const [i, { body }] of batches.entries()) {
            expect(body.length).toBeLessThanOrEqual(maxPayloadBytes);
            const next = batches[i + 1]?.lines[0];
            if (next) expect(body.length + write(all[next - 1]!).length).toBeGreaterThan(maxPayloadBytes);
          }
        },
      ),
    );
  });

  it('takes a record of just the limit and refuses one byte more, naming the record', async () => {
    const options = { splitType, maxPayloadBytes: 100 } as const;
    const object = (bytes: number) => [write(Buffer.from('first')), write(new Uint8Array(bytes))];
    expect(await batchesOf(object(100), options)).toHaveLength(2);
    await expect(batchesOf(object(101), options)).rejects.toMatchObject({
      code: 'PayloadTooLarge',
      message: expect.stringMatching(new RegExp(`^${splitType} record 2 \\(byte offset \\d+\\): it has 101 bytes`)),
    });
    const framed = { ...options, strategy: 'MultiRecord', maxPayloadBytes: 100 + frameBytes } as const;
    expect(await batchesOf([write(new Uint8Array(100))], framed)).toHaveLength(1);
  });

  it('stops reading as soon as a record is known to be over the limit', async () => {
    // Prepare
    let taken = 0;
    async function* endless() {
      yield write(new Uint8Array(100_000)).subarray(0, 64);
      for (;;) {
        taken += 64;
        yield new Uint8Array(64);
      }
    }

    // Act
    const reading = Array.fromAsync(
      miniBatches(endless(), { splitType, strategy: 'SingleRecord', maxPayloadBytes: 100 }),
    );

    // Assess
    await expect(reading).rejects.toMatchObject({ code: 'PayloadTooLarge' });
    expect(taken).toBeLessThan(1000);
  });

  it('refuses an object that is cut off, or no such file at all', async () => {
    const object = write(Buffer.from('some record'));
    await expect(batchesOf([object.subarray(0, 14)], { splitType })).rejects.toMatchObject({ code: 'MalformedBody' });
    await expect(batchesOf([Buffer.from('{"in0":[1,2,3]}')], { splitType })).rejects.toMatchObject({
      code: 'MalformedBody',
      message: expect.stringContaining(`${splitType} at byte 0`),
    });
  });
});

describe('a TFRecord whose data is damaged', () => {
  const good = writeTfRecord(Buffer.from('abc'));
  const object = Buffer.concat([good, good, good]);
  object[19 + 12]! ^= 1;

  it('is never sent without its checksum', async () => {
    await expect(batchesOf([object])).rejects.toMatchObject({
      code: 'DamagedRecord',
      message: 'TFRecord record 2 (byte offset 19): its checksum is wrong, so its data is damaged',
    });
  });

  it('is sent in its frame, which says so', async () => {
    const [batch] = await batchesOf([object], { strategy: 'MultiRecord' });
    expect(hex(batch!.body)).toBe(hex(object));
  });
});
