import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelBytes } from '../../../../container/src/model-bytes.ts';
import { ModelMemory } from '../../../../container/src/multi-model/model-memory.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';

describe('the memory of models', () => {
  it('never holds more than its limit, and is whole again when all have gone', () => {
    const limit = 1000;
    const sizes = fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 30 });
    fc.assert(
      fc.property(sizes, (all) => {
        // Prepare
        const memory = new ModelMemory(limit);
        const taken: number[] = [];

        // Act
        for (const bytes of all) {
          const total = taken.reduce((sum, size) => sum + size, bytes);
          if (total <= limit) {
            memory.take('m', bytes);
            taken.push(bytes);
          } else {
            expect(() => memory.take('m', bytes)).toThrow(/^Memory exhausted: not enough memory to load model m/);
            memory.give(taken.shift()!);
          }
        }
        for (const bytes of taken) memory.give(bytes);

        // Assess
        memory.take('all', limit);
        expect(() => memory.take('more', 1)).toThrow('0 B of 1000 B are free');
      }),
    );
  });

  it('counts files at any depth and linked files, not the handlers and not what links lead out to', async () => {
    // Prepare
    const outside = await temporaryFolder();
    const folder = await temporaryFolder();
    await writeFile(join(outside, 'weights'), Buffer.alloc(100));
    for (const place of ['1/variables', 'code/node_modules', '2/code'])
      await mkdir(join(folder, place), { recursive: true });
    for (const place of ['1/saved_model.pb', '1/variables/data', 'code/node_modules/a.js', '2/code/b']) {
      await writeFile(join(folder, place), Buffer.alloc(10));
    }
    await symlink(join(outside, 'weights'), join(folder, '1/weights'));
    await symlink(outside, join(folder, 'linked'));
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));

    // Assess
    expect(await modelBytes(folder)).toBe(10 + 10 + 10 + 100);
  });
});
