import { describe, expect, it } from 'vitest';
import type { TransformSource } from '../../../../local/transform/storage.ts';
import { surveySource } from '../../../../local/transform/survey.ts';

function sourceOf(objects: Record<string, string>): TransformSource {
  return {
    async *list() {
      for (const [label, text] of Object.entries(objects)) {
        yield {
          label,
          outputName: `${label}.out`,
          bytes: Buffer.byteLength(text),
          version: undefined,
          async *open() {
            yield Buffer.from(text);
          },
        };
      }
    },
  };
}

describe('a survey before a transform', () => {
  it('counts objects, bytes and records, blank lines left out', async () => {
    const source = sourceOf({ 'a.jsonl': '1\n\n2', 'b.jsonl': '' });

    expect(await surveySource(source, { splitType: 'Line', strategy: 'MultiRecord', maxPayloadBytes: 10 })).toEqual({
      objects: 2,
      records: 2,
      bytes: 4,
    });
  });

  it('names object, line and offset of the first record that could never be sent', async () => {
    const source = sourceOf({ 'a.jsonl': '1\n', 'b.jsonl': '1\n12345\n' });

    await expect(
      surveySource(source, { splitType: 'Line', strategy: 'MultiRecord', maxPayloadBytes: 4 }),
    ).rejects.toThrow(/^b\.jsonl: line 2 \(byte offset 2\): /);
  });

  it('names an object that may not be split and is too large, without reading it', async () => {
    const source = sourceOf({ 'a.jpg': '12345' });

    await expect(
      surveySource(source, { splitType: 'None', strategy: 'MultiRecord', maxPayloadBytes: 4 }),
    ).rejects.toThrow(/^a\.jpg: the object has 5 bytes/);
  });

  it('refuses a source without objects', async () => {
    await expect(
      surveySource(sourceOf({}), { splitType: 'Line', strategy: 'MultiRecord', maxPayloadBytes: 4 }),
    ).rejects.toThrow(/no objects/);
  });
});
