/** A network that no memory can hold is refused before training, with figures. */
import { describe, expect, it } from 'vitest';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { planTraining } from '../../../../container/src/object2vec/training/create-training-engine.ts';
import { checkTrainingMemory, trainingMemory } from '../../../../container/src/object2vec/training/training-memory.ts';

const GIB = 1024 ** 3;

function plan(changes: Record<string, string>) {
  const { settings } = parseHyperparameters({
    enc0_network: 'pooled_embedding',
    enc0_vocab_size: '3000000',
    enc0_max_seq_len: '50',
    enc_dim: '300',
    mlp_layers: '0',
    token_embedding_storage_type: 'row_sparse',
    ...changes,
  });
  return planTraining(settings);
}

describe('the memory of training', () => {
  it('counts every weight, what the optimizer remembers of it, and a copy of the largest table', () => {
    // Prepare: one table, and an output layer of 4 x 300 by 2 with 2 biases
    const tied = plan({ tied_token_embedding_weight: 'true' });
    const table = 3_000_000 * 300 * 4;
    const output = (4 * 300 * 2 + 2) * 4;

    // Act and assess
    expect(trainingMemory(tied)).toEqual({ weights: table + output, optimizer: 2 * (table + output), copy: table });
    expect(trainingMemory(plan({ optimizer: 'sgd' }))).toEqual({
      weights: 2 * table + output,
      optimizer: 0,
      copy: table,
    });
  });

  it('of the largest tied vocabulary is 13.4 GiB, which 16 GiB hold', () => {
    expect(
      checkTrainingMemory(plan({ tied_token_embedding_weight: 'true' }), { whole: 16 * GIB, free: 15 * GIB }),
    ).toBe(undefined);
  });

  it('that can never be there is refused with what takes it and what to do', () => {
    expect(() => checkTrainingMemory(plan({}), { whole: 16 * GIB, free: 15 * GIB })).toThrow(
      expect.objectContaining({
        code: 'OutOfMemory',
        message:
          'Training needs about 23.5 GiB of memory (weights 6.7 GiB, optimizer 13.4 GiB, saving 3.4 GiB); there are 16.0 GiB. ' +
          'Use a smaller vocabulary or enc_dim, tied_token_embedding_weight, optimizer sgd, or a machine with more memory.',
      }),
    );
  });

  it('that others hold now is a warning', () => {
    const tied = plan({ tied_token_embedding_weight: 'true' });
    expect(checkTrainingMemory(tied, { whole: 16 * GIB, free: 8 * GIB })).toBe(
      'Training needs about 13.4 GiB of memory (weights 3.4 GiB, optimizer 6.7 GiB, saving 3.4 GiB) and only 8.0 GiB are free now.',
    );
  });
});
