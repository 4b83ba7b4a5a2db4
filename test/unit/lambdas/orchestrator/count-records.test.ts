import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { planTransform } from '#core/jobs/plan-transform.ts';
import { TransformDefinition } from '#core/jobs/transform-definition.ts';
import { createCounter } from '../../../../lambdas/orchestrator/count-records.ts';

async function* once(bytes: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes);
}

function counterOf(changes: object) {
  const definition = TransformDefinition.parse({
    name: 'job',
    modelName: 'model',
    inputS3Uri: 's3://input/in/',
    outputS3Uri: 's3://output/out',
    instanceType: 'ml.g5.xlarge',
    ...changes,
  });
  return createCounter(planTransform(definition, '2026-11-21T03:00:00Z').request);
}

const tensorflow = { modelKind: 'tensorflow' };
const frames = Buffer.concat([writeTfRecord(Buffer.from('a')), writeTfRecord(Buffer.from('b'))]);
const tfrecord = { ...tensorflow, contentType: 'application/x-tfrecord', splitType: 'TFRecord' };

describe('the records of a file', () => {
  it.each([
    ['lines', {}, '1\n2\n', '{}\n{}\n', 2, 2],
    ['gzip', { compressionType: 'Gzip' }, gzipSync('1\n2\n3'), '{}\n{}\n{}\n', 3, 3],
    ['CSV', { ...tensorflow, contentType: 'text/csv', accept: 'text/csv' }, '1,2\n3,4\n', '1\n', 2, 1],
    ['TFRecord', { ...tfrecord, assembleWith: 'Line' }, frames, '{}\n{}\n', 2, 2],
    [
      'one answer a TFRecord',
      { ...tfrecord, assembleWith: 'Line', accept: 'application/json', batchStrategy: 'SingleRecord' },
      frames,
      '{}\n{}\n',
      2,
      2,
    ],
    ['answers that are no lines', { ...tfrecord, accept: 'application/json' }, frames, '{"predictions":[\n]}', 1, 1],
    [
      'whole objects',
      { ...tensorflow, contentType: 'image/png', splitType: 'None', assembleWith: 'None', accept: 'application/json' },
      'png',
      '{}',
      1,
      1,
    ],
  ])('(%s) are counted as the job splits and writes them', async (_, changes, input, output, recordsIn, recordsOut) => {
    const counter = counterOf(changes);
    expect(await counter.countInput(once(input))).toBe(recordsIn);
    expect((await counter.countOutput(once(output))).records).toBe(recordsOut);
  });

  it('that stand for bad ones are counted by themselves', async () => {
    expect(await counterOf({}).countOutput(once('{}\n{"error":{"code":"X"},"record":1}\n'))).toEqual({
      records: 2,
      placeholders: 1,
    });
  });

  it('of a cut gzip object are an error, not fewer', async () => {
    const cut = gzipSync('1\n2\n').subarray(0, 12);
    await expect(counterOf({ compressionType: 'Gzip' }).countInput(once(cut))).rejects.toMatchObject({
      code: 'MalformedBody',
    });
  });
});
