/** A dense float model of a usual size, rows for it, and a photograph-like JPEG: fixed data for benchmarks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillUniform, streamNumber } from '#core/random/philox.ts';
import { openNativeSession } from '../container/src/engine/native/session.ts';
import { attr } from '../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../container/src/savedmodel/graph-def.ts';
import { writeSavedModel } from '../container/src/savedmodel/saved-model.ts';

export const FEATURES = 256;
const WIDTHS = [FEATURES, 1024, 1024, 16];
const FLOAT = { T: attr.type('float32') };

/** `x` [n, 256] -> three dense layers with ReLU between them -> `y` [n, 16]. */
export async function writeDenseModel(dir: string): Promise<void> {
  const graph = new GraphDefBuilder();
  let layer = graph.placeholder('x', 'float32', [-1, FEATURES]);
  const variables = WIDTHS.slice(1).map((width, at) => ({ name: `w${at}`, shape: [WIDTHS[at]!, width] }));
  variables.forEach(({ name, shape }, at) => {
    const product = graph.node(
      'MatMul',
      `${name}/product`,
      [layer, graph.read(graph.variable({ name, shape }))],
      FLOAT,
    );
    layer = at < variables.length - 1 ? graph.node('Relu', `${name}/relu`, [product], FLOAT) : product;
  });
  const edge = (node: string, width: number) => ({ node: `${node}:0`, dtype: 'float32' as const, shape: [-1, width] });
  await writeSavedModel(dir, {
    graph,
    signatures: { serving_default: { inputs: { x: edge('x', FEATURES) }, outputs: { y: edge(layer, 16) } } },
    variables: variables.map(({ name, shape: [rows, columns] }) => ({
      name,
      shape: [rows!, columns!],
      data: uniform(rows! * columns!, name).map((value) => (value - 0.5) / 16),
    })),
  });
}

/** Rows of six decimals, as data files have them; differing by `start`. */
export function denseRows(rows: number, start: number): number[][] {
  const values = uniform(rows * FEATURES, `rows ${start}`);
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * FEATURES, (row + 1) * FEATURES), (value) => Number(value.toFixed(6))),
  );
}

/** Smooth colours with some noise, at quality 90. */
export async function jpegImage(width: number, height: number): Promise<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'twinvec-jpeg-'));
  const graph = new GraphDefBuilder();
  const pixels = graph.placeholder('pixels', 'uint8', [height, width, 3]);
  const encoded = graph.node('EncodeJpeg', 'jpeg', [pixels], { quality: attr.int(90) });
  const encode = {
    inputs: { pixels: { node: `${pixels}:0`, dtype: 'uint8' as const, shape: [height, width, 3] } },
    outputs: { jpeg: { node: `${encoded}:0`, dtype: 'string' as const, shape: [] } },
  };
  try {
    await writeSavedModel(dir, { graph, signatures: { encode } });
    const session = openNativeSession(dir);
    const noise = uniform(width * height * 3, 'pixels');
    const data = Int32Array.from(noise, (value, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      return Math.round(110 + 90 * Math.sin(x / 40 + (at % 3)) * Math.cos(y / 50) + 20 * value);
    });
    const { jpeg } = session.run('encode', { pixels: { dtype: 'uint8', shape: [height, width, 3], data } });
    session.close();
    return (jpeg!.data as readonly Uint8Array[])[0]!;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function uniform(count: number, stream: string): Float32Array {
  const values = new Float32Array(count);
  fillUniform(values, { seed: 1, stream: streamNumber(stream), turn: 0 }, 0);
  return values;
}
