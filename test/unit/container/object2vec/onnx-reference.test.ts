/**
 * Both engines against onnxruntime, which shares neither code nor data layout with them: rows padded instead of flat,
 * Conv and LSTM operators instead of ours. The same weights; every number within 1e-5.
 */
import { describe, expect, it } from 'vitest';
import type { EncoderSettings } from '#core/object2vec/settings.ts';
import { rowCount, type TokenRows } from '#core/object2vec/token-rows.ts';
import type { NamedTensors, Tensor } from '../../../../container/src/engine/session.ts';
import { onnxNetwork } from '../../../onnx/network.ts';
import { onnxRuntime, openOnnxSession } from '../../../onnx/runtime.ts';
import { describeEachEngine } from './each-engine.ts';
import { type PairChoices, pairSettings, randomRows, rowsAsFlatInputs } from './pair-settings.ts';
import { serveRandomModel } from './served-model.ts';

const ROWS = 33;
const LONGEST = 70;
const ENC_DIM = 48;
const VOCABULARY = 500;

const POOLED: Partial<EncoderSettings> = { network: 'pooled_embedding', tokenEmbeddingDim: ENC_DIM };
const hcnn = (layers: number, filterWidth: number): Partial<EncoderSettings> => {
  return { network: 'hcnn', tokenEmbeddingDim: 30, layers, filterWidth };
};
const bilstm = (layers: number): Partial<EncoderSettings> => {
  return { network: 'bilstm', tokenEmbeddingDim: 30, layers };
};

const NETWORKS: readonly (readonly [string, PairChoices])[] = [
  ['pooled_embedding', {}],
  ['hcnn, 1 and 2 layers, filters of 3 and 2 tokens', { encoder0: hcnn(1, 3), encoder1: hcnn(2, 2) }],
  ['hcnn, 3 and 4 layers, filters of 4 and 5 tokens', { encoder0: hcnn(3, 4), encoder1: hcnn(4, 5) }],
  ['hcnn, filters of 1 and 9 tokens', { encoder0: hcnn(2, 1), encoder1: hcnn(2, 9) }],
  ['hcnn, layers with uneven numbers of filters', { encoder0: hcnn(3, 3), encoder1: hcnn(4, 8), encDim: 50 }],
  ['bilstm, 1 and 2 layers', { encoder0: bilstm(1), encoder1: bilstm(2) }],
  ['bilstm, 3 and 4 layers', { encoder0: bilstm(3), encoder1: bilstm(4) }],
  ['hcnn and bilstm, tied tables', { encoder0: hcnn(4, 3), encoder1: bilstm(1), tiedTokenEmbedding: true }],
  ['pooled_embedding and hcnn', { encoder1: hcnn(4, 3) }],
  ['one comparator, no MLP', { comparators: ['hadamard'], mlp: { layers: 0, dim: 8, activation: 'tanh' } }],
  [
    'comparators in another order, three relu layers, regression',
    {
      comparators: ['abs_diff', 'hadamard', 'concat'],
      mlp: { layers: 3, dim: 40, activation: 'relu' },
      output: { kind: 'mean_squared_error' },
    },
  ],
  ['ten linear layers', { mlp: { layers: 10, dim: 20, activation: 'linear' } }],
];

describe.skipIf(!onnxRuntime.available)(`onnxruntime as the reference${onnxRuntime.note}`, () => {
  describeEachEngine('a served model of rows of many lengths', (engine) => {
    it.each(NETWORKS)('answers as onnxruntime does: %s', async (_, choices) => {
      // Prepare
      const encoders = { encoder0: POOLED, encoder1: POOLED, vocabulary0: VOCABULARY, vocabulary1: VOCABULARY };
      const settings = pairSettings({ encDim: ENC_DIM, ...encoders, ...choices });
      const ours = await serveRandomModel(settings, engine);
      const reference = await openOnnxSession(onnxNetwork(settings.network, ours.weights), 1);
      const in0 = randomRows(ROWS, VOCABULARY, 11, LONGEST);
      const in1 = randomRows(ROWS, VOCABULARY, 22, LONGEST);

      // Act
      const { enc0, enc1 } = settings.network;
      const expected = await reference.run({ ...paddedInputs(0, in0, enc0), ...paddedInputs(1, in1, enc1) });
      const scores = ours.session.run('flat_scores', rowsAsFlatInputs(in0, in1));
      const embeddings = [in0, in1].map((rows, side) => ours.session.run(...embedding(side as 0 | 1, rows)));

      // Assess
      expectClose(scores.scores, expected.scores, 1e-5);
      expectClose(embeddings[0]!.embeddings, expected.embeddings0, 1e-5);
      expectClose(embeddings[1]!.embeddings, expected.embeddings1, 1e-5);
      await reference.close();
      await ours.close();
    });
  });
});

/** Padding is token 7, which a network that minds its mask never sees. */
function paddedInputs(side: 0 | 1, rows: TokenRows, { network }: EncoderSettings): NamedTensors {
  const count = rowCount(rows);
  const lengths = Int32Array.from({ length: count }, (_, r) => rows.offsets[r + 1]! - rows.offsets[r]!);
  const longest = Math.max(...lengths);
  const ids = new Int32Array(count * longest).fill(7);
  const mask = new Float32Array(count * longest);
  lengths.forEach((length, r) => {
    ids.set(rows.ids.subarray(rows.offsets[r], rows.offsets[r + 1]), r * longest);
    mask.fill(1, r * longest, r * longest + length);
  });
  return {
    [`in${side}`]: { dtype: 'int32', shape: [count, longest], data: ids },
    [`mask${side}`]: { dtype: 'float32', shape: [count, longest, 1], data: mask },
    ...(network === 'bilstm' && { [`lengths${side}`]: { dtype: 'int32', shape: [count], data: lengths } as const }),
  };
}

function embedding(side: 0 | 1, tokens: TokenRows): [signature: string, inputs: NamedTensors] {
  const all = rowsAsFlatInputs(tokens, tokens);
  const [ids, owners] = [`in${side}_ids`, `in${side}_rows`] as const;
  return [`flat_embed_in${side}`, { [ids]: all[ids]!, [owners]: all[owners]!, rows: all.rows! }];
}

function expectClose(found: Tensor | undefined, expected: Float32Array | undefined, tolerance: number): void {
  expect(found?.data).toHaveLength(expected?.length ?? -1);
  expected!.forEach((value, i) => {
    expect(Math.abs((found!.data[i] as number) - value), `element ${i}`).toBeLessThanOrEqual(tolerance);
  });
}
