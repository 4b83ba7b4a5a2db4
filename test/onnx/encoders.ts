/**
 * The three encoders as ONNX networks of padded rows: Conv, LSTM and masks where ours have flat tokens. Written from
 * spec object2vec 3.2 to 3.4 and ONNX's operator pages, with the weights as our artifact holds them.
 */
import type { EncoderSettings, NetworkSettings } from '#core/object2vec/settings.ts';
import type { OnnxModelBuilder } from './model-builder.ts';

export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

export interface OnnxEncoder {
  readonly settings: EncoderSettings;
  /** Of the weights: `source` for in0, `target` for in1. */
  readonly prefix: string;
  /** Token vectors, [rows, time, width]; any finite number where there is no token. */
  readonly tokens: string;
  /** Undefined when all rows are full, so that nothing need be masked. */
  readonly padding: { readonly mask: string; readonly lengths: string } | undefined;
}

/** The vectors of the padded ids `in<side>` [rows, time]; unused places hold any valid id. */
export function onnxTokens(model: OnnxModelBuilder, network: NetworkSettings, weights: Weights, side: 0 | 1): string {
  const name = network.tiedTokenEmbedding ? 'embed_shared_weight' : `embed_${side}_weight`;
  const { shape, data } = weightNamed(weights, name);
  const ids = model.input(`in${side}`, 'int32', ['rows', `time${side}`]);
  return model.node('Gather', [model.weight(name, shape, data), ids]);
}

/** [rows, encDim]; every row has at least one token. */
export function onnxEncode(model: OnnxModelBuilder, weights: Weights, encoder: OnnxEncoder): string {
  const { network } = encoder.settings;
  if (network === 'hcnn') return hcnn(model, weights, encoder);
  return network === 'bilstm' ? bilstm(model, weights, encoder) : pooled(model, encoder);
}

function pooled(model: OnnxModelBuilder, { tokens, padding }: OnnxEncoder): string {
  if (padding === undefined) return model.node('ReduceMean', [tokens], { axes: [1], keepdims: 0 });
  const time = model.ints([1]);
  const sum = model.node('ReduceSum', [model.node('Mul', [tokens, padding.mask]), time], { keepdims: 0 });
  return model.node('Div', [sum, model.node('ReduceSum', [padding.mask, time], { keepdims: 0 })]);
}

/**
 * ONNX convolves [rows, channels, 1, time]: onnxruntime has faster kernels for images, here of one line, than for
 * sequences. Places without a token are zeroed before each layer reads them.
 */
function hcnn(model: OnnxModelBuilder, weights: Weights, { settings, prefix, tokens, padding }: OnnxEncoder): string {
  const { layers, filterWidth } = settings;
  const asImage = (source: string) =>
    model.node('Unsqueeze', [model.node('Transpose', [source], { perm: [0, 2, 1] }), model.ints([2])]);
  const mask = padding && asImage(padding.mask);
  const masked = (source: string) => (mask ? model.node('Mul', [source, mask]) : source);
  const before = Math.floor((filterWidth - 1) / 2);
  let values = masked(asImage(tokens));
  const maxima = Array.from({ length: layers }, (_, layer) => {
    const name = `${prefix}_${layer}`;
    const filters = weightNamed(weights, `${name}_bias`);
    const kernel = model.weight(
      `${name}_kernel`,
      ...convolutionKernel(weightNamed(weights, `${name}_weight`), filterWidth),
    );
    const bias = model.weight(`${name}_bias`, filters.shape, filters.data);
    const convolved = model.node('Conv', [values, kernel, bias], {
      kernel_shape: [1, filterWidth],
      pads: [0, before, 0, filterWidth - 1 - before],
    });
    values = masked(model.node('Relu', [convolved]));
    // Nothing is below zero after Relu, so that masked places do not win.
    return model.node('ReduceMax', [values], { axes: [2, 3], keepdims: 0 });
  });
  return model.node('Concat', maxima, { axis: 1 });
}

/** Ours [filter width * inputs, filters] as ONNX's [filters, inputs, 1, filter width]. */
function convolutionKernel({ shape, data }: Weight, width: number): [number[], Float32Array] {
  const [lines = 0, filters = 0] = shape;
  const inputs = lines / width;
  const kernel = new Float32Array(data.length);
  for (let w = 0; w < width; w++) {
    for (let c = 0; c < inputs; c++) {
      for (let f = 0; f < filters; f++) kernel[(f * inputs + c) * width + w] = data[(w * inputs + c) * filters + f]!;
    }
  }
  return [[filters, inputs, 1, width], kernel];
}

/** ONNX's LSTM takes [time, rows, width] and answers [time, directions, rows, units], zeros after a row's end. */
function bilstm(model: OnnxModelBuilder, weights: Weights, { settings, prefix, tokens, padding }: OnnxEncoder): string {
  const timeFirst = { perm: [1, 0, 2] };
  let values = model.node('Transpose', [tokens], timeFirst);
  for (let layer = 0; layer < settings.layers; layer++) {
    const name = `${prefix}_lstm${layer}`;
    const { units, ...parts } = lstmWeights(weights, name);
    const operands = Object.entries(parts).map(([part, [shape, data]]) => model.weight(`${name}_${part}`, shape, data));
    const states = model.node('LSTM', [values, ...operands, padding?.lengths ?? ''], {
      direction: 'bidirectional',
      hidden_size: units,
    });
    const rowsFirst = model.node('Transpose', [states], { perm: [0, 2, 1, 3] });
    values = model.node('Reshape', [rowsFirst, model.ints([0, 0, 2 * units])]);
  }
  if (padding) {
    // States lie between -1 and 1.
    const absent = model.node('Sub', [model.node('Transpose', [padding.mask], timeFirst), model.float(1)]);
    values = model.node('Add', [values, model.node('Mul', [absent, model.float(2)])]);
  }
  return model.node('ReduceMax', [values], { axes: [0], keepdims: 0 });
}

type Weight = ReturnType<typeof weightNamed>;
type Constant = [shape: number[], data: Float32Array];

/** ONNX's W, R and B of both directions. Its gates are input, output, forget, cell; ours input, forget, cell, output. */
function lstmWeights(weights: Weights, name: string) {
  const directions = ['forward', 'backward'].map((direction) => {
    const part = (suffix: string) => weightNamed(weights, `${name}_${direction}_${suffix}`);
    return { i2h: part('i2h_weight'), h2h: part('h2h_weight'), bias: part('bias') };
  });
  const [{ i2h }] = directions as [(typeof directions)[0]];
  const units = i2h.shape[1]! / 4;
  const width = i2h.shape[0]!;
  return {
    units,
    W: [[2, 4 * units, width], joined(directions.map(({ i2h }) => gatesAsLines(i2h.data, units)))] as Constant,
    R: [[2, 4 * units, units], joined(directions.map(({ h2h }) => gatesAsLines(h2h.data, units)))] as Constant,
    // The second half is a bias of the states, which we do not have.
    B: [
      [2, 8 * units],
      joined(directions.flatMap(({ bias }) => [gatesAsLines(bias.data, units), new Float32Array(4 * units)])),
    ] as Constant,
  };
}

/** [inputs, 4 units] -> [4 units, inputs], gates in ONNX's order. */
function gatesAsLines(data: Float32Array, units: number): Float32Array {
  const inputs = data.length / (4 * units);
  const lines = new Float32Array(data.length);
  [0, 3, 1, 2].forEach((gate, place) => {
    for (let unit = 0; unit < units; unit++) {
      for (let i = 0; i < inputs; i++) {
        lines[(place * units + unit) * inputs + i] = data[i * 4 * units + gate * units + unit]!;
      }
    }
  });
  return lines;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function weightNamed(weights: Weights, name: string) {
  const found = weights.get(name);
  if (!found) throw new Error(`the model has no weight ${name}`);
  return found;
}
