/**
 * What the rules between hyperparameters make of a job's values other than somebody might expect: one line each, for
 * the log.
 */
import { bucketWidthOf, copiesEnc0, equalSizes, isSet, layerCount, networkOf, ownerOf } from './encoder-values.ts';
import type { ReadValues } from './hyperparameter-values.ts';
import { isOwnObjective } from './metrics.ts';

export function describeChanges(read: ReadValues): string[] {
  const { values, texts } = read;
  const notes: string[] = [];
  for (const name of ['enc1_vocab_size', 'enc1_max_seq_len'] as const) {
    if (copiesEnc0(read) && isSet(read, name)) {
      notes.push(`${name}=${texts[name]} is used, although enc1_network=enc0 copies the other settings of enc0.`);
    }
  }
  notes.push(...describeUnused(read));
  for (const which of [0, 1] as const) {
    const name = `enc${which}_token_embedding_dim` as const;
    if (networkOf(read, which) !== 'pooled_embedding' || ownerOf(read, which) !== which) continue;
    if (values[name] === values.enc_dim) continue;
    notes.push(
      `Inconsistent enc_dim and token_embedding_dim found for token-embedding-encoder: ${values.enc_dim} vs ${values[name]}. Setting token embedding dim to be ${values.enc_dim}`,
    );
  }
  if (values.output_layer === 'mean_squared_error' && isSet(read, 'num_classes')) {
    notes.push("output_layer is set to mean_squared_error. Ignoring the hyperparameter 'num_classes'.");
  }
  if (values.enc0_vocab_file && !values.enc1_vocab_file && copiesEnc0(read) && !equalSizes(read)) {
    notes.push(
      `enc0_vocab_file is not used for in1, because enc1_vocab_size=${texts.enc1_vocab_size} is another size.`,
    );
  }
  if (values.token_embedding_storage_type === 'dense' && isSet(read, 'token_embedding_storage_type')) {
    notes.push('token_embedding_storage_type=dense: only the rows of a batch are updated, as with row_sparse.');
  }
  if (values.bucket_width !== bucketWidthOf(read)) {
    notes.push(
      `token_embedding_storage_type=row_sparse does without buckets. bucket_width=${values.bucket_width} is 0.`,
    );
  }
  if (values.optimizer === 'adadelta' && isSet(read, 'learning_rate')) {
    notes.push('optimizer=adadelta finds its own step sizes. Ignoring the hyperparameter learning_rate.');
  }
  if (values._tuning_objective_metric && !isOwnObjective(values._tuning_objective_metric)) {
    notes.push(
      `_tuning_objective_metric=${texts._tuning_objective_metric} is no name of Twinvec's: the job's MetricDefinitions have to find it in the log.`,
    );
  }
  return [...new Set(notes)];
}

/** What is set for encoder 1 beside `enc1_network=enc0`, has an effect on such a network and is another value there. */
function describeUnused(read: ReadValues): string[] {
  const { values, texts } = read;
  if (!copiesEnc0(read)) return [];
  const network = networkOf(read, 0)!;
  const inEffect = (name: keyof typeof values) =>
    name.endsWith('_layers') ? layerCount(String(values[name]), network) : values[name];
  return (['token_embedding_dim', 'layers', 'cnn_filter_width'] as const)
    .filter((name) => network === 'hcnn' || (network === 'bilstm' && name !== 'cnn_filter_width'))
    .filter((name) => isSet(read, `enc1_${name}`) && inEffect(`enc1_${name}`) !== inEffect(`enc0_${name}`))
    .map(
      (name) =>
        `enc1_${name}=${texts[`enc1_${name}`]} is not used: enc1_network=enc0 copies enc0_${name}=${values[`enc0_${name}`]}. ` +
        'Name a network for enc1_network to give it settings of its own.',
    );
}
