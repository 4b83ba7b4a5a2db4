/**
 * What training starts from that only the data tell: a network that predicts numbers begins at their mean.
 */
import type { OutputSettings } from '#core/object2vec/settings.ts';
import type { Initializer } from '../../graph/initializers.ts';

/** Initializers that take the place of the network's own, by parameter name. */
export type StartingPoint = ReadonlyMap<string, Initializer>;

/**
 * For regression, the bias of the output layer starts at the mean label, so that no step is spent on finding the scale
 * of the labels and everything else learns deviations from the start. Classes have no scale: nothing changes.
 * @param labels of the training channel, at least one
 */
export function startingPoint(output: OutputSettings, labels: Float32Array): StartingPoint {
  if (output.kind === 'softmax') return new Map();
  const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  return new Map([['output_layer_bias', { kind: 'columns', values: [mean] }]]);
}
