/**
 * What a served model answers: on every engine the numbers of the plain-loop network, whatever a row's batch-mates and
 * padding are. Tolerance 1e-5 against the loops (float32 against double); see each test for the others.
 */
import { describe, expect, it } from 'vitest';
import type { Comparator, NetworkSettings } from '#core/object2vec/settings.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import type { NamedTensors, Session } from '../../../../container/src/engine/session.ts';
import { randomIds } from '../graph/random-values.ts';
import { describeEachEngine } from './each-engine.ts';
import {
  oneRow,
  type PairChoices,
  pairSettings,
  randomRows,
  rowsAsFlatInputs,
  rowsAsPaddedInput,
} from './pair-settings.ts';
import { plainEmbedding, plainScores } from './plain-network.ts';
import { serveRandomModel } from './served-model.ts';

const COMPARATORS: readonly Comparator[] = ['hadamard', 'concat', 'abs_diff'];

/** Every non-empty subset in every order: 15 lists. */
function comparatorLists(): Comparator[][] {
  const grow = (list: readonly Comparator[]): Comparator[][] =>
    COMPARATORS.filter((name) => !list.includes(name)).flatMap((name) => [[...list, name], ...grow([...list, name])]);
  return grow([]);
}

const BILSTM = { network: 'bilstm', tokenEmbeddingDim: 10 } as const;
const HCNN = { network: 'hcnn', tokenEmbeddingDim: 10, layers: 4, filterWidth: 3 } as const;

const NETWORKS: readonly (readonly [string, PairChoices])[] = [
  ...comparatorLists().map((comparators) => [`comparators ${comparators.join(', ')}`, { comparators }] as const),
  ['tied tables', { tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30 }],
  ['no MLP layer', { mlp: { layers: 0, dim: 8, activation: 'tanh' } }],
  ['three linear layers', { mlp: { layers: 3, dim: 5, activation: 'linear' } }],
  ['relu layers', { mlp: { layers: 2, dim: 7, activation: 'relu' } }],
  ['regression', { output: { kind: 'mean_squared_error' } }],
  ['token biases, regression', { output: { kind: 'mean_squared_error' }, tokenBias: true }],
  ['token biases, two classes', { output: { kind: 'softmax', classes: 2 }, tokenBias: true }],
  ['dropout, which serving ignores', { dropout: 0.5 }],
  ['hcnn on both sides', { encoder0: HCNN, encoder1: HCNN }],
  ['hcnn, tied', { encoder0: HCNN, encoder1: HCNN, tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30 }],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(
    (filterWidth) => [`hcnn of filter width ${filterWidth}`, { encoder0: { ...HCNN, filterWidth } }] as const,
  ),
  ['hcnn of one and two layers', { encoder0: { ...HCNN, layers: 1 }, encoder1: { ...HCNN, layers: 2 } }],
  ['hcnn whose layers do not divide enc_dim', { encoder0: HCNN, encoder1: { ...HCNN, layers: 3 }, encDim: 10 }],
  ['hcnn and bilstm', { encoder0: HCNN, encoder1: BILSTM }],
  ['bilstm on both sides', { encoder0: BILSTM, encoder1: BILSTM }],
  ['bilstm, tied', { encoder0: BILSTM, encoder1: BILSTM, tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30 }],
  ['bilstm of two and four layers', { encoder0: { ...BILSTM, layers: 2 }, encoder1: { ...BILSTM, layers: 4 } }],
  ['bilstm and pooled_embedding', { encoder0: BILSTM }],
  [
    'pooled_embedding and bilstm, tied',
    { encoder1: { network: 'bilstm' }, tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30 },
  ],
];

describeEachEngine('a served model', (engine) => {
  it.each(NETWORKS)('answers as the plain loops do: %s', async (_, choices) => {
    // Prepare
    const settings = pairSettings(choices);
    const { network } = settings;
    const model = await serveRandomModel(settings, engine);
    const [in0, in1] = inputs(network, 17);

    // Act
    const scores = floats(model.session.run('flat_scores', rowsAsFlatInputs(in0, in1)), 'scores');
    const left = floats(embed(model.session, 0, in0), 'embeddings');
    const right = floats(embed(model.session, 1, in1), 'embeddings');

    // Assess
    expectClose(scores, plainScores(network, model.weights, in0, in1).flat(), 1e-5);
    expectClose(left, plainEmbedding(network, model.weights, 0, in0).flat(), 1e-6);
    expectClose(right, plainEmbedding(network, model.weights, 1, in1).flat(), 1e-6);
    await model.close();
  });

  it('answers a row the same alone, in a batch of 64, and padded to 5000: embeddings to the bit, scores to 1e-6', async () => {
    // Prepare
    const settings = pairSettings();
    const model = await serveRandomModel(settings, engine);
    const [in0, in1] = inputs(settings.network, 64);
    const width = 3;

    // Act
    const batch = floats(model.session.run('flat_scores', rowsAsFlatInputs(in0, in1)), 'scores');
    const embeddings = floats(embed(model.session, 0, in0), 'embeddings');
    const padded = floats(
      model.session.run('serving_default', { in0: rowsAsPaddedInput(in0, 5000)!, in1: rowsAsPaddedInput(in1, 20)! }),
      'scores',
    );
    const paddedEmbeddings = floats(
      model.session.run('embed_in0', { in0: rowsAsPaddedInput(in0, 5000)! }),
      'embeddings',
    );

    // Assess
    expectClose(padded, batch, 1e-6);
    expect(paddedEmbeddings).toEqual(embeddings);
    for (const row of [0, 1, 31, 63]) {
      const [one, other] = [oneRow(in0, row), oneRow(in1, row)];
      const alone = floats(model.session.run('flat_scores', rowsAsFlatInputs(one, other)), 'scores');
      expectClose(alone, batch.subarray(row * width, (row + 1) * width), 1e-6);
      const size = settings.network.encDim;
      expect(floats(embed(model.session, 0, one), 'embeddings')).toEqual(
        embeddings.subarray(row * size, (row + 1) * size),
      );
    }
    await model.close();
  });

  it.each([
    ['bilstm', { encoder0: { ...BILSTM, layers: 2 }, encoder1: BILSTM }],
    ['hcnn', { encoder0: HCNN, encoder1: { ...HCNN, filterWidth: 8 } }],
  ])(
    'answers a row of %s the same alone, in a batch of 64, with long batch-mates, and padded to 5000: to 1e-6',
    async (_, choices) => {
      // Prepare
      const settings = pairSettings(choices);
      const model = await serveRandomModel(settings, engine);
      const [in0, in1] = inputs(settings.network, 64);
      const long = joined(randomRows(1, 30, 33), joined(rowOf(300, 30), in0));
      const size = settings.network.encDim;

      // Act
      const batch = floats(embed(model.session, 0, in0), 'embeddings');
      const withLong = floats(embed(model.session, 0, long), 'embeddings').subarray(2 * size);
      const padded = floats(model.session.run('embed_in0', { in0: rowsAsPaddedInput(in0, 5000)! }), 'embeddings');
      const scores = floats(model.session.run('flat_scores', rowsAsFlatInputs(in0, in1)), 'scores');

      // Assess
      expectClose(withLong, batch, 1e-6);
      expectClose(padded, batch, 1e-6);
      for (const row of [0, 1, 31, 63]) {
        const [one, other] = [oneRow(in0, row), oneRow(in1, row)];
        expectClose(
          floats(embed(model.session, 0, one), 'embeddings'),
          batch.subarray(row * size, (row + 1) * size),
          1e-6,
        );
        const alone = floats(model.session.run('flat_scores', rowsAsFlatInputs(one, other)), 'scores');
        expectClose(alone, scores.subarray(3 * row, 3 * row + 3), 1e-6);
      }
      await model.close();
    },
  );

  it.each([
    ['bilstm', BILSTM],
    ['hcnn', HCNN],
  ])('answers a row of %s without tokens with zeros, whatever is beside it', async (_, encoder) => {
    // Prepare
    const model = await serveRandomModel(pairSettings({ encoder0: encoder, encoder1: encoder }), engine);
    const none: TokenRows = { ids: new Int32Array(0), offsets: Int32Array.of(0, 0) };
    const some = rowOf(5, 30);

    // Act
    const alone = floats(embed(model.session, 0, none), 'embeddings');
    const beside = floats(embed(model.session, 0, joined(none, some)), 'embeddings');
    const expected = floats(embed(model.session, 0, some), 'embeddings');

    // Assess
    expect([...alone]).toEqual(new Array(12).fill(0));
    expect([...beside.subarray(0, 12)]).toEqual(new Array(12).fill(0));
    expectClose(beside.subarray(12), expected, 1e-6);
    await model.close();
  });

  it('names its signatures, their inputs and their outputs', async () => {
    // Prepare
    const model = await serveRandomModel(pairSettings(), engine);

    // Act
    const { signatures } = model.session;

    // Assess
    const ids = { dtype: 'int32', shape: [-1, -1] };
    const flat = { dtype: 'int32', shape: [-1] };
    const rows = { dtype: 'int32', shape: [] };
    expect([...signatures.keys()].sort()).toEqual([
      'embed_in0',
      'embed_in1',
      'flat_embed_in0',
      'flat_embed_in1',
      'flat_scores',
      'serving_default',
    ]);
    expect(signatures.get('serving_default')).toEqual({
      inputs: { in0: ids, in1: ids },
      outputs: { scores: { dtype: 'float32', shape: [-1, 3] } },
    });
    expect(signatures.get('flat_embed_in1')).toEqual({
      inputs: { in1_ids: flat, in1_rows: flat, rows },
      outputs: { embeddings: { dtype: 'float32', shape: [-1, 12] } },
    });
    await model.close();
  });
});

describe('the list of networks', () => {
  it('has every order of every subset of comparators', () => {
    expect(new Set(comparatorLists().map(String)).size).toBe(15);
  });
});

function inputs({ enc0, enc1 }: NetworkSettings, rows: number): [TokenRows, TokenRows] {
  return [randomRows(rows, enc0.vocabularySize, 11), randomRows(rows, enc1.vocabularySize, 22)];
}

function rowOf(length: number, vocabulary: number): TokenRows {
  return { ids: randomIds(length, vocabulary, 55), offsets: Int32Array.of(0, length) };
}

function joined(one: TokenRows, other: TokenRows): TokenRows {
  const shifted = other.offsets.subarray(1).map((offset) => offset + one.ids.length);
  return { ids: Int32Array.of(...one.ids, ...other.ids), offsets: Int32Array.of(...one.offsets, ...shifted) };
}

function embed(session: Session, side: 0 | 1, rows: TokenRows): NamedTensors {
  const all = rowsAsFlatInputs(rows, rows);
  const [ids, owners] = [`in${side}_ids`, `in${side}_rows`] as const;
  return session.run(`flat_embed_in${side}`, { [ids]: all[ids]!, [owners]: all[owners]!, rows: all.rows! });
}

function floats(outputs: NamedTensors, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor?.dtype !== 'float32') throw new Error(`no float32 output ${name}`);
  return tensor.data;
}

function expectClose(found: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) {
    expect(Math.abs(found[i]! - expected[i]!), `element ${i}`).toBeLessThanOrEqual(tolerance);
  }
}
