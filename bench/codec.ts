/**
 * Wire formats against V8's own JSON: nanoseconds per token id decoded and per float encoded, in alternating rounds of
 * one process, so that the ratio holds on a busy machine. Every body and vector is distinct, so that no cache of
 * strings or numbers can help either side.
 */
import { parseContentType } from '#core/http/content-type.ts';
import { decodeInferenceRequest, encodeInferenceRequest, encodePredictions } from '#core/object2vec/codec.ts';
import type { DecodeOptions } from '#core/object2vec/inference-request.ts';
import { streamNumber } from '#core/random/philox.ts';
import { createRandomDraws } from '#core/random/random-draws.ts';
import { decodeTensors } from '#core/tensors/codec.ts';
import type { TensorSignatures } from '#core/tensors/signature.ts';
import type { TensorDecodeOptions } from '#core/tensors/tensor-request.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

const VOCABULARY = 20_000;
const SEQUENCE = 50;
const WIDTH = 512;
const ROWS = 64;
const RESPONSES = 6;
const FEATURES = 256;
const TABLES = 20;
const ROUNDS = 31;
const DECODE_BAR = 'at most 0.80 x JSON.parse';
const ENCODE_BAR = 'at most 0.50 x JSON.stringify';

const OPTIONS: DecodeOptions = {
  in0: { vocabularySize: VOCABULARY, maxSeqLen: SEQUENCE },
  in1: { vocabularySize: VOCABULARY, maxSeqLen: SEQUENCE },
  maxRecords: 100_000,
  tolerateBadRecords: false,
};

/** Numbers in [0, 1), the same in every run. */
type Random = () => number;

interface RoundTimes {
  /** Milliseconds of one round, median. */
  readonly ours: number;
  readonly theirs: number;
}

export function benchCodec(): BenchRow[] {
  const random = seededRandom(20_261_121);
  return [
    benchDecode('64 pairs of 50 + 50 ids, JSON', 'application/json', 64, 150, random),
    benchDecode('64 pairs of 50 + 50 ids, JSON Lines', 'application/jsonlines', 64, 150, random),
    withoutBar(benchDecode('1 pair of 50 + 50 ids, JSON', 'application/json', 1, 4000, random)),
    benchFloats('JSON', 'application/json', random),
    benchFloats('CSV', 'text/csv', random),
    benchEncode('normal(0, 0.1)', () => normal(random) * 0.1),
    benchEncode('relu of normal(0, 0.1)', () => Math.max(0, normal(random) * 0.1)),
  ];
}

function benchDecode(name: string, type: string, records: number, bodies: number, random: Random): BenchRow {
  const mediaType = parseContentType(type);
  const requests = Array.from({ length: bodies }, () => requestBody(type, records, random));
  const parse = type === 'application/json' ? parseJson : parseJsonLines;
  const times = alternate(
    () => requests.reduce((rows, body) => rows + decodeInferenceRequest(body, mediaType, OPTIONS).rows, 0),
    () => requests.reduce((rows, body) => rows + parse(body), 0),
  );
  return toRow(`decode ${name}`, 'ns/id', times, bodies * records * 2 * SEQUENCE, 'JSON.parse', DECODE_BAR);
}

/** Rows of floats of six decimals, as data files have them, for a dense model. */
function benchFloats(name: string, type: string, random: Random): BenchRow {
  const mediaType = parseContentType(type);
  const signatures: TensorSignatures = new Map([
    ['serving_default', { inputs: { x: { dtype: 'float32', shape: [-1, FEATURES] } }, outputs: {} }],
  ]);
  const options: TensorDecodeOptions = { method: 'predict', maxRecords: 100_000, tolerateBadRecords: false };
  const tables = Array.from({ length: TABLES }, () =>
    Array.from({ length: ROWS }, () => Array.from({ length: FEATURES }, () => Number(random().toFixed(6)))),
  );
  const json = tables.map((instances) => Buffer.from(JSON.stringify({ instances })));
  const bodies = type === 'text/csv' ? tables.map((rows) => Buffer.from(rows.map((row) => `${row}\n`).join(''))) : json;
  const times = alternate(
    () => bodies.reduce((rows, body) => rows + decodeTensors(body, mediaType, signatures, options).rows!, 0),
    () => json.reduce((rows, body) => rows + (JSON.parse(body.toString('utf8')) as Instances).instances.length, 0),
  );
  const numbers = TABLES * ROWS * FEATURES;
  const against = 'JSON.parse';
  return withoutBar(toRow(`decode 64 rows of 256 floats, ${name}`, 'ns/number', times, numbers, against, DECODE_BAR));
}

interface Instances {
  readonly instances: readonly (readonly number[])[];
}

/** Measured to be watched: making four typed arrays of a small body, for one, costs as much as reading thirty ids. */
function withoutBar({ bar: _, ...row }: BenchRow): BenchRow {
  return row;
}

function benchEncode(name: string, draw: () => number): BenchRow {
  const responses = Array.from({ length: RESPONSES }, () => Float32Array.from({ length: ROWS * WIDTH }, draw));
  const times = alternate(
    () => responses.reduce((bytes, values) => bytes + encode(values), 0),
    () => responses.reduce((bytes, values) => bytes + stringify(values), 0),
  );
  const floats = RESPONSES * ROWS * WIDTH;
  return toRow(`encode ${WIDTH}-wide embeddings, ${name}`, 'ns/float', times, floats, 'JSON.stringify', ENCODE_BAR);
}

function toRow(name: string, unit: string, times: RoundTimes, items: number, against: string, bar: string): BenchRow {
  const nanoseconds = (milliseconds: number) => (milliseconds * 1e6) / items;
  return {
    name,
    value: nanoseconds(times.ours),
    unit,
    against: `${against} (${nanoseconds(times.theirs).toFixed(1)} ${unit})`,
    ratio: times.ours / times.theirs,
    bar,
  };
}

/** Runs both in turn, so that whatever else the machine does falls on both. What they count keeps their work alive. */
function alternate(ours: () => number, theirs: () => number): RoundTimes {
  const times = { ours: [] as number[], theirs: [] as number[] };
  let counted = ours() + theirs();
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    counted += ours();
    const middle = performance.now();
    counted += theirs();
    times.ours.push(middle - start);
    times.theirs.push(performance.now() - middle);
  }
  if (!(counted > 0)) throw new Error('This is a bug: the benchmark measured nothing');
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

function requestBody(type: string, records: number, random: Random): Buffer {
  const sequence = () => Array.from({ length: SEQUENCE }, () => Math.floor(random() * VOCABULARY));
  return encodeInferenceRequest(
    Array.from({ length: records }, () => ({ in0: sequence(), in1: sequence() })),
    type,
  );
}

function parseJson(body: Buffer): number {
  return (JSON.parse(body.toString('latin1')) as { readonly instances: readonly unknown[] }).instances.length;
}

function parseJsonLines(body: Buffer): number {
  const lines = body.toString('latin1').trimEnd().split('\n');
  return lines.reduce((rows, line) => rows + (JSON.parse(line) as { readonly in0: readonly unknown[] }).in0.length, 0);
}

function encode(values: Float32Array): number {
  return encodePredictions({ mode: 'embed_in0', values, width: WIDTH, failures: [] }, 'application/json').length;
}

function stringify(values: Float32Array): number {
  const predictions = Array.from({ length: ROWS }, (_, row) => ({
    embeddings: Array.from(values.subarray(row * WIDTH, (row + 1) * WIDTH)),
  }));
  return JSON.stringify({ predictions }).length;
}

function seededRandom(seed: number): Random {
  return createRandomDraws({ seed, stream: streamNumber('codec benchmark'), turn: 0 }).fraction;
}

/** Box and Muller's transform. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
