/**
 * INFERENCE_PREFERRED_MODE in TensorFlow: a split model answers as the whole one does, and on a GPU each network is
 * where it was meant to be.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decideSplit, withSplitModel } from '../../../../../container/src/engine/native/placement.ts';
import { openNativeSession } from '../../../../../container/src/engine/native/session.ts';
import type { NamedTensors, Session } from '../../../../../container/src/engine/session.ts';
import { signaturesOf } from '../../../../../container/src/object2vec/serving-graph.ts';
import { nativeEngine } from '../../../../native-engine.ts';
import { nativeGpu } from '../../../../native-gpu.ts';
import {
  type PairChoices,
  pairSettings,
  randomRows,
  rowsAsFlatInputs,
  rowsAsPaddedInput,
} from '../../object2vec/pair-settings.ts';
import { serveRandomModel } from '../../object2vec/served-model.ts';

const HCNN = { network: 'hcnn', tokenEmbeddingDim: 10, layers: 4, filterWidth: 3 } as const;
const BILSTM = { network: 'bilstm', tokenEmbeddingDim: 10 } as const;
const MODES = ['classification', 'embedding'] as const;
const NETWORKS: readonly (readonly [string, PairChoices])[] = [
  ['pooled_embedding', {}],
  ['hcnn and bilstm', { encoder0: HCNN, encoder1: BILSTM }],
  ['tied tables', { encoder0: HCNN, encoder1: HCNN, tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30 }],
];

async function serve(choices: PairChoices): Promise<{ readonly whole: Session; readonly versionDir: string }> {
  const model = await serveRandomModel(pairSettings(choices), 'tensorflow');
  onTestFinished(() => model.close());
  return { whole: model.session, versionDir: join(model.modelDir, '1') };
}

/** Every signature's answer to the same rows. */
function answers(session: Session): Record<string, Float32Array> {
  const [in0, in1] = [randomRows(17, 30, 11), randomRows(17, 30, 22)];
  const all: NamedTensors = {
    ...rowsAsFlatInputs(in0, in1),
    in0: rowsAsPaddedInput(in0, 20)!,
    in1: rowsAsPaddedInput(in1, 20)!,
  };
  return Object.fromEntries(
    [...session.signatures].map(([name, { inputs }]) => {
      const given = Object.fromEntries(Object.keys(inputs).map((input) => [input, all[input]!]));
      return [name, Object.values(session.run(name, given))[0]!.data as Float32Array];
    }),
  );
}

function expectSameAnswers(found: Record<string, Float32Array>, wanted: Record<string, Float32Array>, within: number) {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [name, values] of Object.entries(wanted)) {
    values.forEach((value, i) => {
      expect(Math.abs(found[name]![i]! - value), `${name}, element ${i}`).toBeLessThanOrEqual(within);
    });
  }
}

describe('the decision to split a model', () => {
  it.each([
    [true, 'On the GPU: a, b. The other signatures and weights of their own are on the host.'],
    [false, 'TensorFlow sees no GPU: all signatures are on the host, and none is preferred.'],
  ])('is %s where TensorFlow sees a GPU, which one line says', (hasGpu, line) => {
    const lines: string[] = [];
    expect(decideSplit({ signatures: ['a', 'b'], log: (text) => lines.push(text) }, hasGpu)).toBe(hasGpu);
    expect(lines).toEqual([line]);
  });
});

describe.skipIf(!nativeEngine.available)(`a split model in TensorFlow${nativeEngine.note}`, () => {
  it.each(MODES.flatMap((mode) => NETWORKS.map(([name, choices]) => [mode, name, choices] as const)))(
    'with %s preferred answers as the whole one does: %s',
    async (mode, _, choices) => {
      // Prepare
      const { whole, versionDir } = await serve(choices);
      const wanted = answers(whole);

      // Act
      const split = withSplitModel(versionDir, signaturesOf(mode), (folder) => openNativeSession(folder));
      const found = answers(split);

      // Assess
      expectSameAnswers(found, wanted, nativeGpu.available ? 1e-3 : 1e-6);
      split.close();
    },
  );

  it('leaves nothing behind, not even when loading fails', async () => {
    // Prepare
    const { versionDir } = await serve({});
    let seen = '';

    // Act
    const load = (folder: string) => {
      seen = folder;
      throw new Error('does not load');
    };

    // Assess
    expect(() => withSplitModel(versionDir, signaturesOf('embedding'), load)).toThrow('does not load');
    expect(existsSync(seen)).toBe(false);
    expect(existsSync(join(versionDir, 'variables', 'variables.index'))).toBe(true);
  });

  it.skipIf(nativeGpu.available)('is not made where TensorFlow sees no GPU', async () => {
    // Prepare
    const { whole, versionDir } = await serve({});
    const lines: string[] = [];

    // Act
    const session = openNativeSession(versionDir, {
      signatures: signaturesOf('embedding'),
      log: (line) => lines.push(line),
    });

    // Assess
    expect(lines).toEqual([expect.stringContaining('TensorFlow sees no GPU')]);
    expect(answers(session)).toEqual(answers(whole));
    session.close();
  });
});

describe.skipIf(!nativeGpu.available)(`a split model on a GPU${nativeGpu.note}`, () => {
  it.each(MODES)(
    'with %s preferred looks up ids where it was put: a GPU answers an unknown id, the host refuses',
    async (mode) => {
      // Prepare
      const { versionDir } = await serve({ encoder0: HCNN, encoder1: HCNN });
      const session = openNativeSession(versionDir, { signatures: signaturesOf(mode), log: () => {} });
      const unknown = { ids: Int32Array.of(1, 999), offsets: Int32Array.of(0, 2) };
      const inputs = rowsAsFlatInputs(unknown, unknown);

      // Act
      const score = () => session.run('flat_scores', inputs);
      const embed = () =>
        session.run('flat_embed_in0', { in0_ids: inputs.in0_ids!, in0_rows: inputs.in0_rows!, rows: inputs.rows! });

      // Assess
      const [onGpu, onHost] = mode === 'classification' ? [score, embed] : [embed, score];
      expect(onGpu).not.toThrow();
      expect(onHost).toThrow('is not in [0, ');
      session.close();
    },
  );
});
