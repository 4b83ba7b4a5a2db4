/** TFRecord and RecordIO; F1 to F5 and G1 to G7 are the faults of framed bodies, each by its number. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, maskCrc32c } from '#core/crc32c.ts';
import { TwinvecError } from '#core/errors.ts';
import { type FramedRecord, type FrameFormat, FrameStream, readFrames } from '#core/framing/frame-reader.ts';
import { RECORDIO, writeRecordIo } from '#core/framing/recordio.ts';
import { TFRECORD, writeTfRecord } from '#core/framing/tfrecord.ts';
import { refusalOf } from '../refusal.ts';

const MAX = 1 << 20;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const read = (format: FrameFormat, body: Uint8Array) => [...readFrames(format, body)];
const dataOf = (records: readonly FramedRecord[]) => records.map(({ data }) => Buffer.from(data).toString('hex'));
const problemOf = (format: FrameFormat, body: Uint8Array) => {
  const { code, message } = refusalOf(() => read(format, body));
  return `${code}: ${message}`;
};

function chunked(format: FrameFormat, body: Uint8Array, sizes: readonly number[]): FramedRecord[] {
  const stream = new FrameStream(format, MAX);
  const records: FramedRecord[] = [];
  let at = 0;
  for (const size of sizes) {
    records.push(...stream.push(body.subarray(at, at + size)));
    at += size;
  }
  records.push(...stream.push(body.subarray(at)), ...stream.end());
  return records;
}

describe.each<[string, FrameFormat, (data: Uint8Array) => Buffer]>([
  ['TFRecord', TFRECORD, writeTfRecord],
  ['RecordIO', RECORDIO, writeRecordIo],
])('%s', (_, format, write) => {
  const magic = fc.constant(Uint8Array.of(0x0a, 0x23, 0xd7, 0xce));
  const data = fc
    .array(fc.oneof(fc.uint8Array({ maxLength: 12 }), magic), { maxLength: 5 })
    .map((parts) => Buffer.concat(parts));
  const bodies = fc.array(data, { minLength: 1, maxLength: 6 });

  it('gives back what was written, with its place, at once and in chunks cut anywhere', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(20), { maxLength: 12 }), (records, sizes) => {
        const frames = records.map((record) => write(record));
        const body = Buffer.concat(frames);
        const whole = read(format, body);
        expect(dataOf(whole)).toEqual(records.map((record) => record.toString('hex')));
        expect(whole.map(({ offset }) => offset)).toEqual(
          frames.map((_frame, index) => frames.slice(0, index).reduce((sum, { length }) => sum + length, 0)),
        );
        expect(chunked(format, body, sizes).map((record) => ({ ...record, data: Buffer.from(record.data) }))).toEqual(
          whole.map((record) => ({ ...record, data: Buffer.from(record.data) })),
        );
      }),
    );
  });

  it('cut off at any byte is refused at the frame that is cut, at once and in chunks', () => {
    fc.assert(
      fc.property(bodies, (records) => {
        const frames = records.map((record) => write(record));
        const body = Buffer.concat(frames);
        const edges = new Set(frames.map((_frame, index) => Buffer.concat(frames.slice(0, index)).length));
        // The padding of a last RecordIO record may be missing.
        const dataEnd = format === RECORDIO ? body.length - 3 : body.length;
        for (let length = 1; length < dataEnd; length++) {
          if (edges.has(length)) continue;
          const cut = body.subarray(0, length);
          const outcomes = [() => read(format, cut), () => chunked(format, cut, [3])].map((act) => outcomeOf(act));
          expect(outcomes[1]).toBe(outcomes[0]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('damaged anywhere is refused, or marked, or whole, and never crashes', () => {
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (records, hits) => {
          const body = Buffer.concat(records.map((record) => write(record)));
          for (const [at, byte] of hits) body[at % body.length] = byte;
          expect(() => outcomeOf(() => read(format, body))).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stops at a record over the limit before it holds it', () => {
    const stream = new FrameStream(format, 64);
    const frame = write(new Uint8Array(1000));
    expect(refusalOf(() => stream.push(frame.subarray(0, 20))).code).toBe('PayloadTooLarge');
  });
});

/** What reading came to, in words; anything but a TwinvecError of the caller's making fails the test. */
function outcomeOf(act: () => readonly FramedRecord[]): string {
  try {
    return `${act().length} records`;
  } catch (thrown) {
    if (!(thrown instanceof TwinvecError) || thrown.status >= 500) throw thrown;
    return `${thrown.code}: ${thrown.message}`;
  }
}

describe('the faults of TFRecord', () => {
  const good = writeTfRecord(Buffer.from('abc'));
  const damagedAt = (at: number) => {
    const body = Buffer.concat([good, good, good]);
    body[at]! ^= 1;
    return body;
  };

  it('a frame is length, its masked checksum, data, its masked checksum', () => {
    const masked = (bytes: Uint8Array) => maskCrc32c(crc32c(bytes));
    expect(good.subarray(0, 8)).toEqual(hex('0300000000000000'));
    expect(good.readUInt32LE(8)).toBe(masked(good.subarray(0, 8)));
    expect(good.subarray(12, 15).toString()).toBe('abc');
    expect(good.readUInt32LE(15)).toBe(masked(Buffer.from('abc')));
    expect(good.length).toBe(19);
  });

  it('F1: a wrong checksum of the length ends the body at its offset', () => {
    expect(problemOf(TFRECORD, damagedAt(19))).toContain(
      'MalformedBody: TFRecord at byte 19: the checksum of the length',
    );
    expect(problemOf(TFRECORD, damagedAt(19 + 8))).toContain('TFRecord at byte 19');
  });

  it('F2: a wrong checksum of the data marks that record, and the next one is read', () => {
    expect(read(TFRECORD, damagedAt(19 + 12)).map(({ damaged }) => damaged)).toEqual([false, true, false]);
  });

  it.each([2n ** 63n, 2n ** 53n, 2n ** 32n, 4n])(
    'F3: a length of %s, over what is left, allocates nothing',
    (length) => {
      const body = Buffer.from(good);
      body.writeBigUInt64LE(length, 0);
      const lied = writeTfRecord(body.subarray(0, 8));
      // The checksum of eight bytes is in the frame of a record of these eight bytes.
      body.set(lied.subarray(20, 24), 8);
      expect(problemOf(TFRECORD, body)).toMatch(
        /^MalformedBody: TFRecord at byte 0: (the length is over|the frame is cut off)/,
      );
    },
  );

  it('F4: cut off in any of its fields, it says where', () => {
    for (let length = 1; length < good.length; length++) {
      expect(problemOf(TFRECORD, Buffer.concat([good, good.subarray(0, length)]))).toContain('TFRecord at byte 19');
    }
  });

  it('F5: an empty record is a record; junk behind the last one is not', () => {
    expect(dataOf(read(TFRECORD, writeTfRecord(new Uint8Array(0))))).toEqual(['']);
    expect(problemOf(TFRECORD, Buffer.concat([good, Buffer.from('junk')]))).toContain('TFRecord at byte 19');
  });
});

describe('the faults of RecordIO', () => {
  const good = writeRecordIo(Buffer.from('abcde'));

  it('a frame is magic, length, data and padding', () => {
    expect(good.toString('hex')).toBe('0a23d7ce050000006162636465000000');
  });

  it('G1: a wrong, missing or swapped magic number is refused at its offset', () => {
    expect(problemOf(RECORDIO, Buffer.concat([good, Buffer.from('junkjunkjunk')]))).toContain('RecordIO at byte 16');
    expect(problemOf(RECORDIO, hex('ced7230a 00000000'))).toContain('RecordIO at byte 0: the magic number');
  });

  it('G2: a length over what is left is refused', () => {
    expect(problemOf(RECORDIO, hex('0a23d7ce ffffff1f 00'))).toContain('the frame is cut off');
    expect(problemOf(RECORDIO, hex('0a23d7ce ffffffff 00'))).toContain('MalformedBody');
  });

  it('G3: the last record may end without padding; padding that is missing before or not zero is refused', () => {
    const unpadded = good.subarray(0, 13);
    expect(dataOf(read(RECORDIO, unpadded))).toEqual(['6162636465']);
    expect(dataOf(chunked(RECORDIO, unpadded, [5]))).toEqual(['6162636465']);
    expect(problemOf(RECORDIO, Buffer.concat([unpadded, good]))).toContain('the padding is not zero');
    const dirty = Buffer.from(good);
    dirty[13] = 1;
    expect(problemOf(RECORDIO, dirty)).toContain('RecordIO at byte 0: the padding is not zero');
  });

  it('G4: parts are joined with the magic word between them, and parts out of order are refused', () => {
    const parts = hex('0a23d7ce 01000020 61000000 0a23d7ce 00000040 0a23d7ce 02000060 62630000');
    expect(dataOf(read(RECORDIO, parts))).toEqual(['610a23d7ce0a23d7ce6263']);
    expect(problemOf(RECORDIO, hex('0a23d7ce 00000060'))).toContain('a part of kind 3 stands where a record starts');
    expect(problemOf(RECORDIO, hex('0a23d7ce 00000020 0a23d7ce 00000000'))).toContain(
      'a part of kind 0 stands where one goes on',
    );
    expect(problemOf(RECORDIO, hex('0a23d7ce 000000a0'))).toContain('a part of kind 5');
    expect(problemOf(RECORDIO, hex('0a23d7ce 00000020'))).toContain('the frame is cut off');
  });
});
