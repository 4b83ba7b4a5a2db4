/**
 * What holds for each encoder when `enc1_network=enc0` makes the second one like the first, and what `auto` and
 * pooled_embedding make of a value (spec object2vec 1.3).
 */
import type { ReadValues } from './hyperparameter-values.ts';
import type { HyperparameterName } from './hyperparameters.ts';
import type { EncoderNetwork } from './settings.ts';

export const isSet = ({ texts }: ReadValues, name: HyperparameterName): boolean => Object.hasOwn(texts, name);
export const copiesEnc0 = ({ values }: ReadValues): boolean => values.enc1_network === 'enc0';

/** A size that is set for enc1 counts, also where enc1_network=enc0 makes AWS ignore it and then refuse the data. */
export function sizesOf(read: ReadValues, which: 0 | 1): { vocabularySize?: number; maxSeqLen?: number } {
  const { values } = read;
  const enc0 = { vocabularySize: values.enc0_vocab_size, maxSeqLen: values.enc0_max_seq_len };
  const inherited = which === 0 || copiesEnc0(read) ? enc0 : undefined;
  const vocabularySize = (which === 1 ? values.enc1_vocab_size : undefined) ?? inherited?.vocabularySize;
  const maxSeqLen = (which === 1 ? values.enc1_max_seq_len : undefined) ?? inherited?.maxSeqLen;
  return { ...(vocabularySize !== undefined && { vocabularySize }), ...(maxSeqLen !== undefined && { maxSeqLen }) };
}

export const equalSizes = (read: ReadValues): boolean =>
  sizesOf(read, 0).vocabularySize === sizesOf(read, 1).vocabularySize;

/** The encoder whose own hyperparameters hold for encoder `which`. */
export const ownerOf = (read: ReadValues, which: 0 | 1): 0 | 1 => (which === 1 && copiesEnc0(read) ? 0 : which);

export function networkOf(read: ReadValues, which: 0 | 1): EncoderNetwork | undefined {
  const { enc0_network: enc0, enc1_network: enc1 } = read.values;
  return which === 0 || enc1 === 'enc0' ? enc0 : enc1;
}

/** pooled_embedding has no projection: the token vectors are as long as the encoding (spec object2vec 1.3, rule 2). */
export function tokenEmbeddingDimOf(read: ReadValues, which: 0 | 1): number | undefined {
  const { values } = read;
  const network = networkOf(read, which);
  if (network === undefined) return undefined;
  return network === 'pooled_embedding' ? values.enc_dim : values[`enc${ownerOf(read, which)}_token_embedding_dim`];
}

/** What `auto` stands for, as AWS documents it. */
const AUTO_LAYERS: Readonly<Record<EncoderNetwork, number>> = { hcnn: 4, bilstm: 1, pooled_embedding: 1 };

/** @param text of `enc0_layers` or `enc1_layers` */
export function layerCount(text: string, network: EncoderNetwork): number {
  return network === 'pooled_embedding' || text === 'auto' ? AUTO_LAYERS[network] : Number(text);
}

/** AWS switches buckets off for row_sparse (spec object2vec 1.3, rule 7). */
export function bucketWidthOf({ values }: ReadValues): number {
  return values.token_embedding_storage_type === 'row_sparse' ? 0 : values.bucket_width!;
}
