import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NamedTensors } from '#core/tensors/tensor.ts';
import { Batcher } from '../../../../container/src/batching/batcher.ts';
import type { EngineCall, EngineRunner } from '../../../../container/src/engine/engine-call.ts';
import { takeRows } from '../../../../container/src/engine/tensor-rows.ts';
import { padRows } from '../../../../container/src/tensorflow-serving/pad-rows.ts';
import { mergeTensorsTo, tensorJob } from '../../../../container/src/tensorflow-serving/tensor-job.ts';

const SIGNATURE = {
  inputs: { x: { dtype: 'int64', shape: [-1, 2] }, name: { dtype: 'string', shape: [-1] } },
  outputs: { x: { dtype: 'int64', shape: [-1, 2] }, name: { dtype: 'string', shape: [-1] } },
} as const;

function rowsOf(values: readonly number[]): NamedTensors {
  return {
    x: { dtype: 'int64', shape: [values.length, 2], data: BigInt64Array.from(values.flatMap((v) => [BigInt(v), -1n])) },
    name: { dtype: 'string', shape: [values.length], data: values.map((value) => Buffer.from(String(value))) },
  };
}

function jobOf(values: readonly number[]) {
  const request = {
    signatureName: 's',
    inputs: rowsOf(values),
    form: 'row',
    rows: values.length,
    failures: [],
  } as const;
  return tensorJob({ method: 'predict', request, signature: SIGNATURE, answerType: 'application/json' });
}

const sizesAndRows = fc
  .uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 })
  .map((sizes) => sizes.sort((a, b) => a - b));

describe('padded calls', () => {
  it('have an allowed size, repeat their last row, and keep the others', () => {
    fc.assert(
      fc.property(sizesAndRows, fc.array(fc.integer(), { minLength: 1, maxLength: 25 }), (sizes, values) => {
        // Prepare
        const call: EngineCall = { signature: 's', inputs: rowsOf(values), rows: undefined };

        // Act
        const padded = padRows(call, values.length, SIGNATURE, sizes);

        // Assess
        const size = sizes.find((allowed) => allowed >= values.length) ?? values.length;
        const filled = [...values, ...Array.from({ length: size - values.length }, () => values.at(-1)!)];
        expect(padded.inputs).toEqual(rowsOf(filled));
        if (size > values.length) expect(padded).toMatchObject({ rows: size, padding: size - values.length });
        else expect(padded).toBe(call);
      }),
    );
  });

  it('give every request its own rows, through the batcher', async () => {
    const requests = fc.array(fc.array(fc.integer(), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizesAndRows, requests, async (sizes, all) => {
        // Prepare
        const seen: number[] = [];
        const engine: EngineRunner = {
          hasSlot: () => true,
          async run({ inputs }) {
            seen.push(inputs.x!.shape[0]!);
            return { outputs: inputs, finite: true, inferenceMs: 0 };
          },
          onSlot: () => {},
        };
        const budget = { rows: sizes.at(-1)!, cost: sizes.at(-1)! };
        const limits = { maxWaiting: 100, deadlineMs: 10_000, maxJobsPerCall: Number.POSITIVE_INFINITY };
        const batcher = new Batcher({ engine, merge: mergeTensorsTo(sizes), budget, ...limits });

        // Act
        const answers = await Promise.all(all.map((values) => batcher.submit(jobOf(values)).answer));

        // Assess
        expect(answers.map(({ outputs }) => takeRows(outputs, 0, outputs.x!.shape[0]!))).toEqual(all.map(rowsOf));
        const tooLarge = seen.filter((rows) => !sizes.includes(rows));
        expect(tooLarge.every((rows) => rows > sizes.at(-1)!)).toBe(true);
      }),
    );
  });

  it.each([
    ['an input of a fixed size', { ...SIGNATURE, inputs: { x: { dtype: 'float32', shape: [4] } } }],
    ['an input of any rank', { ...SIGNATURE, inputs: { x: { dtype: 'float32' } } }],
    ['an output that is no row', { ...SIGNATURE, outputs: { x: { dtype: 'float32', shape: [] } } }],
    ['an output of any rank', { ...SIGNATURE, outputs: { x: { dtype: 'float32' } } }],
  ] as const)('are not made of a signature with %s', (_, signature) => {
    // Prepare
    const call: EngineCall = { signature: 's', inputs: rowsOf([1, 2]), rows: undefined };

    // Assess
    expect(padRows(call, 2, signature, [4])).toBe(call);
  });

  it('are not made of a request whose inputs share no first dimension', () => {
    const call: EngineCall = { signature: 's', inputs: rowsOf([1, 2]), rows: undefined };
    expect(padRows(call, undefined, SIGNATURE, [4])).toBe(call);
  });
});
