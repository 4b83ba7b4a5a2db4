/** Where token vectors start: tiny where they are only averaged, of length about 1 where an encoder's weights read them. */
import { describe, expect, it } from 'vitest';
import type { EncoderNetwork } from '#core/object2vec/settings.ts';
import { embeddingTable } from '../../../../container/src/object2vec/network/token-source.ts';
import { initialValue } from '../../../../container/src/object2vec/training/initial-weights.ts';
import { DIM, pairSettings } from './pair-settings.ts';

function rowsOf(network0: EncoderNetwork, network1: EncoderNetwork, side: 0 | 1, tiedTokenEmbedding = false) {
  const choices = { encoder0: { network: network0 }, encoder1: { network: network1 }, tiedTokenEmbedding };
  const { network } = pairSettings({ ...choices, vocabulary0: 5_000, vocabulary1: 5_000 });
  return initialValue(embeddingTable(network, side), 1);
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const meanSquaredLength = (values: Float32Array) =>
  (values.reduce((sum, value) => sum + value * value, 0) * DIM) / values.length;

describe('token vectors', () => {
  it('start within 0.01 where pooled_embedding averages them', () => {
    // Act
    const values = rowsOf('pooled_embedding', 'pooled_embedding', 0);

    // Assess
    expect(largest(values)).toBeLessThan(0.01);
  });

  it.each(['hcnn', 'bilstm'] as const)('start at length 1 on the side of %s alone', (network) => {
    // Act
    const [own, other] = [rowsOf('pooled_embedding', network, 1), rowsOf('pooled_embedding', network, 0)];

    // Assess
    expect(meanSquaredLength(own)).toBeCloseTo(1, 2);
    expect(largest(other)).toBeLessThan(0.01);
  });

  it('start at length 1 for both sides when one table serves hcnn and pooled_embedding', () => {
    // Act
    const values = rowsOf('pooled_embedding', 'hcnn', 0, true);

    // Assess
    expect(meanSquaredLength(values)).toBeCloseTo(1, 2);
  });
});
