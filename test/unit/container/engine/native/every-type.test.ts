import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DType, NamedTensors, Tensor } from '#core/tensors/tensor.ts';
import { openNativeSession } from '../../../../../container/src/engine/native/session.ts';
import type { Session } from '../../../../../container/src/engine/session.ts';
import { joinRows, takeRows } from '../../../../../container/src/engine/tensor-rows.ts';
import { attr } from '../../../../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../../../../container/src/savedmodel/graph-def.ts';
import { writeSavedModel } from '../../../../../container/src/savedmodel/saved-model.ts';
import { EVERY_TYPE, EXTREMES, writeEveryType } from '../../../../fixtures/savedmodel/every-type.ts';
import { temporaryFolder } from '../../../../fixtures/savedmodel/temporary-folder.ts';
import { nativeEngine } from '../../../../native-engine.ts';

async function openModel(write: (dir: string) => Promise<void>): Promise<Session> {
  const dir = join(await temporaryFolder(), '1');
  await write(dir);
  const session = openNativeSession(dir);
  onTestFinished(() => session.close());
  return session;
}

/** The bits of the values, which tell -0 from 0. */
function bits({ data }: Tensor): readonly number[] {
  if (Array.isArray(data)) return data.flatMap((text) => [text.length, ...text]);
  const { buffer, byteOffset, byteLength } = data as Int32Array;
  return [...new Uint8Array(buffer, byteOffset, byteLength)];
}

const modelCopies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('twinvec-model-'));

describe.skipIf(!nativeEngine.available)(`tensors of every type in a native session${nativeEngine.note}`, () => {
  it.each(EVERY_TYPE)('come back as they went: %s, to the ends of the type', async (dtype) => {
    // Prepare
    const session = await openModel(writeEveryType);

    // Act
    const { y } = session.run(dtype, { x: EXTREMES[dtype] });

    // Assess
    expect(y).toEqual(EXTREMES[dtype]);
    expect(bits(y!)).toEqual(bits(EXTREMES[dtype]));
  });

  it.each(EVERY_TYPE)(
    'may be scalars, empty, or of any number of dimensions where the model says so: %s',
    async (dtype) => {
      // Prepare
      const session = await openModel((dir) => writeEveryType(dir, 'any'));
      const { data } = EXTREMES[dtype];
      const values = dtype === 'complex64' ? 2 : 1;
      const shaped = (shape: number[], count: number) =>
        ({ dtype, shape, data: data.slice(0, count * values) }) as Tensor;
      const inputs = [shaped([], 1), shaped([0, 3], 0), shaped([2, 3], 6), shaped([1, 2, 1, 3], 6)];

      // Act
      const outputs = inputs.map((x) => session.run(dtype, { x }).y);

      // Assess
      expect(session.signatures.get(dtype)).toEqual({ inputs: { x: { dtype } }, outputs: { y: { dtype } } });
      expect(outputs).toEqual(inputs);
    },
  );

  it('go through one call together, and as rows of a batch', async () => {
    // Prepare
    const session = await openModel(writeEveryType);
    const rows = takeRows(EXTREMES as NamedTensors, 0, 6);
    const batch = joinRows([takeRows(rows, 4, 6), rows, takeRows(rows, 0, 1)]);

    // Act
    const outputs = session.run('every', batch);

    // Assess
    expect(takeRows(outputs, 2, 8)).toEqual(rows);
    expect(outputs).toEqual(batch);
  });

  it('may be shared by signatures, and given back by the placeholder itself', async () => {
    const session = await openModel(writeEveryType);
    const x = EXTREMES.int64;
    expect(session.run('twice', { x })).toEqual({ y: x, itself: x });
    expect(session.run('int64', { x })).toEqual({ y: x });
  });

  it('are refused by name when they are not of the type', async () => {
    const session = await openModel(writeEveryType);
    expect(() => session.run('uint8', { x: EXTREMES.int8 })).toThrow('Input "x" must be uint8 [any], not int8 [6].');
    expect(() => session.run('complex64', { x: { ...EXTREMES.complex64, shape: [12] } as Tensor })).toThrow(
      'has 12 values, which do not fill [12]',
    );
  });

  it('keep the default of a placeholder that only some signatures feed', async () => {
    // Prepare
    const session = await openModel(async (dir) => {
      const graph = new GraphDefBuilder();
      const seven = graph.constant('seven', { dtype: 'int64', shape: [1], data: BigInt64Array.of(7n) });
      const step = graph.node('PlaceholderWithDefault', 'step', [seven], {
        dtype: attr.type('int64'),
        shape: attr.shape([-1]),
      });
      const sum = graph.node('AddV2', 'sum', [step, step], { T: attr.type('int64') });
      const edge = (node: string) => ({ node: `${node}:0`, dtype: 'int64' as DType, shape: [-1] });
      const outputs = { sum: edge(sum) };
      await writeSavedModel(dir, {
        graph,
        signatures: { fed: { inputs: { step: edge(step) }, outputs }, unfed: { inputs: {}, outputs } },
      });
    });
    const ints = (...data: bigint[]): Tensor => ({
      dtype: 'int64',
      shape: [data.length],
      data: BigInt64Array.from(data),
    });

    // Act
    const answers = [session.run('fed', { step: ints(2n ** 60n, 4n) }), session.run('unfed', {})];

    // Assess
    expect(answers).toEqual([{ sum: ints(2n ** 61n, 8n) }, { sum: ints(14n) }]);
  });

  it('cannot be fed into the middle of a graph: the signature says so, the others go on', async () => {
    // Prepare
    const session = await openModel(async (dir) => {
      const graph = new GraphDefBuilder();
      const x = graph.placeholder('x', 'int64', [-1]);
      const middle = graph.node('Identity', 'middle', [x], { T: attr.type('int64') });
      const y = graph.node('Identity', 'y', [middle], { T: attr.type('int64') });
      const edge = (node: string) => ({ node: `${node}:0`, dtype: 'int64' as DType, shape: [-1] });
      await writeSavedModel(dir, {
        graph,
        signatures: {
          whole: { inputs: { x: edge(x) }, outputs: { y: edge(y) } },
          half: { inputs: { middle: edge(middle) }, outputs: { y: edge(y) } },
        },
      });
    });

    // Assess
    expect(session.run('whole', { x: EXTREMES.int64 })).toEqual({ y: EXTREMES.int64 });
    expect(() => session.run('half', { middle: EXTREMES.int64 })).toThrow(
      'Signature half cannot run: middle is int64 and fed to Identity, not to a placeholder.',
    );
  });

  it('leave nothing behind in the folder for temporary files', async () => {
    // Prepare
    const before = modelCopies();

    // Act
    const session = await openModel(writeEveryType);
    const during = modelCopies();
    session.close();

    // Assess
    expect(during).toEqual(before);
  });
});
