/**
 * A whole Object2Vec network as an ONNX model: two encoders, comparators, MLP and output layer.
 */
import type { Comparator, NetworkSettings } from '#core/object2vec/settings.ts';
import { onnxEncode, onnxTokens, type Weights, weightNamed } from './encoders.ts';
import { OnnxModelBuilder } from './model-builder.ts';

/**
 * Inputs, for side 0 and 1: `in0` int32 [rows, time] padded with any valid id, `mask0` float32 [rows, time, 1] with 1
 * for a token and 0 for padding, `lengths0` int32 [rows]. Outputs: `embeddings0`, `embeddings1`, `scores`.
 */
export function onnxNetwork(network: NetworkSettings, weights: Weights): Uint8Array {
  const model = new OnnxModelBuilder();
  const [u, v] = ([0, 1] as const).map((side) => {
    const settings = side === 0 ? network.enc0 : network.enc1;
    const padding = {
      mask: model.input(`mask${side}`, 'float32', ['rows', `time${side}`, 1]),
      // onnxruntime refuses inputs that nothing reads.
      lengths: settings.network === 'bilstm' ? model.input(`lengths${side}`, 'int32', ['rows']) : '',
    };
    const tokens = onnxTokens(model, network, weights, side);
    const prefix = side === 0 ? 'source' : 'target';
    return onnxEncode(model, weights, { settings, prefix, tokens, padding });
  }) as [string, string];
  model.output('embeddings0', u, ['rows', network.encDim]);
  model.output('embeddings1', v, ['rows', network.encDim]);
  model.output('scores', scores(model, network, weights, u, v), ['rows', 'scores']);
  return model.encode();
}

function scores(model: OnnxModelBuilder, network: NetworkSettings, weights: Weights, u: string, v: string): string {
  const compared: Readonly<Record<Comparator, () => string[]>> = {
    hadamard: () => [model.node('Mul', [u, v])],
    concat: () => [u, v],
    abs_diff: () => [model.node('Abs', [model.node('Sub', [u, v])])],
  };
  let values = model.node(
    'Concat',
    network.comparators.flatMap((name) => compared[name]()),
    { axis: 1 },
  );
  const { layers, activation } = network.mlp;
  for (let k = 0; k < layers; k++) {
    values = dense(model, weights, values, `mlp_fc${k}`);
    if (activation !== 'linear') values = model.node(activation === 'relu' ? 'Relu' : 'Tanh', [values]);
  }
  const raw = dense(model, weights, values, 'output_layer');
  return network.output.kind === 'softmax' ? model.node('Softmax', [raw], { axis: 1 }) : raw;
}

function dense(model: OnnxModelBuilder, weights: Weights, values: string, name: string): string {
  const [weight, bias] = ['weight', 'bias'].map((part) => {
    const { shape, data } = weightNamed(weights, `${name}_${part}`);
    return model.weight(`${name}_${part}`, shape, data);
  }) as [string, string];
  return model.node('Gemm', [values, weight, bias]);
}
