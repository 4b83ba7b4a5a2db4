import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ModelEntry, pageOf } from '../../../../container/src/multi-model/model-page.ts';

describe('pages of models', () => {
  it('followed by their tokens give every model once, in the order of names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 5 }), (names, size) => {
        // Prepare
        const entries = names.map((modelName) => ({ modelName, modelUrl: `/models/${modelName}` }));

        // Act
        const seen: ModelEntry[] = [];
        let token: string | undefined;
        do {
          const page = pageOf(entries, token, size);
          expect(page.models.length).toBeLessThanOrEqual(size);
          seen.push(...page.models);
          token = page.nextPageToken;
        } while (token !== undefined);

        // Assess
        expect(seen.map(({ modelName }) => modelName)).toEqual([...names].sort());
      }),
    );
  });
});
