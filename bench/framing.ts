/**
 * Framed bodies: bytes of 1,000 TFRecords read with both checksums, against a bare pass over the same bytes as 32-bit
 * words, in alternating rounds. In processor time, since what is asked is what the reading costs, not who else runs.
 */
import { readFrames } from '#core/framing/frame-reader.ts';
import { RECORDIO, writeRecordIo } from '#core/framing/recordio.ts';
import { TFRECORD, writeTfRecord } from '#core/framing/tfrecord.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

const RECORDS = 1000;
const ROUNDS = 9;
/** The bytes of a photograph, of a row of a table, and of a few numbers. */
const RECORD_BYTES = [100 * 1024, 4096, 256];
/** Bytes of one round, so that a round lasts longer than the clock is coarse. */
const ROUND_BYTES = 100 * 1024 * 1024;

export function benchFraming(): BenchRow[] {
  return [
    ...RECORD_BYTES.map((bytes) => benchRead('TFRecord', bytes, TFRECORD, writeTfRecord)),
    benchRead('RecordIO (no checksums)', RECORD_BYTES[0]!, RECORDIO, writeRecordIo),
  ];
}

function benchRead(
  name: string,
  recordBytes: number,
  format: typeof TFRECORD,
  write: (data: Uint8Array) => Uint8Array,
): BenchRow {
  const body = Buffer.concat(Array.from({ length: RECORDS }, (_, record) => write(contentOf(record, recordBytes))));
  const words = new Int32Array(body.buffer, Math.ceil(body.byteOffset / 4) * 4, (body.length >> 2) - 1);
  const repeats = Math.ceil(ROUND_BYTES / body.length);
  const read = () => {
    let good = 0;
    for (const { damaged } of readFrames(format, body)) good += damaged ? 0 : 1;
    if (good !== RECORDS) throw new Error(`This is a bug: ${good} of ${RECORDS} records are good`);
  };
  let sum = 0;
  const pass = () => {
    for (let index = 0; index < words.length; index++) sum ^= words[index]!;
  };
  const times = { read: [] as number[], pass: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.read.push(processorMs(read, repeats));
    times.pass.push(processorMs(pass, repeats));
  }
  if (sum === 1) throw new Error('This is a bug: the pass was not made');
  const gigabytesPerSecond = (milliseconds: number) => (body.length * repeats) / milliseconds / 1e6;
  const [ours, bare] = [median(times.read), median(times.pass)];
  return {
    name: `read ${RECORDS} records of ${recordBytes} bytes, ${name}`,
    value: gigabytesPerSecond(ours),
    unit: 'GB/s',
    against: `a bare pass (${gigabytesPerSecond(bare).toFixed(2)} GB/s)`,
    ratio: ours / bare,
    ...(format === TFRECORD && recordBytes === RECORD_BYTES[0] ? { bar: '1 GB/s-class' } : {}),
  };
}

/** Bytes that differ from record to record and do not repeat early. */
function contentOf(record: number, bytes: number): Uint8Array {
  return Uint8Array.from(
    { length: bytes },
    (_, index) => (Math.imul(index + record * 7919, 2_654_435_761) >>> 13) & 255,
  );
}

function processorMs(act: () => void, repeats: number): number {
  const start = process.cpuUsage();
  for (let repeat = 0; repeat < repeats; repeat++) act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
