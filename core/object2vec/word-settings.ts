/**
 * The rules between the hyperparameters that name files of words: what encoder 1 takes over from encoder 0, and what
 * cannot go together.
 */
import type { ReadValues } from './hyperparameter-values.ts';
import type { EncoderWords, WordSettings } from './settings.ts';

export interface EncoderRelation {
  /** `enc1_network=enc0`: what is not set for encoder 1 is that of encoder 0. */
  readonly copiesEnc0: boolean;
  /** Ids of both sides can be of one vocabulary. */
  readonly equalSizes: boolean;
}

/** What is wrong with the files of words, in words. */
export function wordConflicts(read: ReadValues, relation: EncoderRelation): string[] {
  const { values } = read;
  const problems: string[] = [];
  const words = wordSettings(read, relation);
  for (const which of [0, 1] as const) {
    const pretrained = values[`enc${which}_pretrained_embedding_file`];
    if (!pretrained || words[`enc${which}`].vocabulary !== undefined) continue;
    problems.push(
      `enc${which}_pretrained_embedding_file = "${pretrained}": needs enc${which}_vocab_file, which says which word an id is`,
    );
  }
  if (!values.tied_token_embedding_weight) return problems;
  for (const kind of ['vocab_file', 'pretrained_embedding_file'] as const) {
    const [one, other] = [values[`enc0_${kind}`], values[`enc1_${kind}`]];
    if (!one || !other || one === other) continue;
    problems.push(`tied_token_embedding_weight = "true": enc0_${kind} and enc1_${kind} differ, and there is one table`);
  }
  const [freeze0, freeze1] = [0, 1].map((which) => frozenAsSet(read, which as 0 | 1));
  const pretrained = values.enc0_pretrained_embedding_file || values.enc1_pretrained_embedding_file;
  if (pretrained && freeze0 !== undefined && freeze1 !== undefined && freeze0 !== freeze1) {
    problems.push(
      'tied_token_embedding_weight = "true": enc0_freeze_pretrained_embedding and enc1_freeze_pretrained_embedding differ, and there is one table',
    );
  }
  return problems;
}

/** An empty name counts as not set: SDKs send defaults, too. */
export function wordSettings(read: ReadValues, { copiesEnc0, equalSizes }: EncoderRelation): WordSettings {
  const { values } = read;
  const tied = values.tied_token_embedding_weight === true;
  const inherits = tied || (copiesEnc0 && equalSizes);
  const own = (which: 0 | 1, kind: 'vocab_file' | 'pretrained_embedding_file') =>
    values[`enc${which}_${kind}`] || undefined;
  const both = (kind: 'vocab_file' | 'pretrained_embedding_file') => {
    const zero = own(0, kind) ?? (tied ? own(1, kind) : undefined);
    return [zero, own(1, kind) ?? (inherits ? zero : undefined)] as const;
  };
  const [vocabulary0, vocabulary1] = both('vocab_file');
  const [file0, file1] = both('pretrained_embedding_file');
  const frozen0 = frozenAsSet(read, 0) ?? (tied ? frozenAsSet(read, 1) : undefined) ?? true;
  const frozen1 = tied ? frozen0 : (frozenAsSet(read, 1) ?? (copiesEnc0 ? frozen0 : true));
  return { enc0: encoderWords(vocabulary0, file0, frozen0), enc1: encoderWords(vocabulary1, file1, frozen1) };
}

function encoderWords(vocabulary: string | undefined, file: string | undefined, frozen: boolean): EncoderWords {
  return {
    ...(vocabulary !== undefined && { vocabulary }),
    // Without a vocabulary nothing says which word an id is.
    ...(vocabulary !== undefined && file !== undefined && { pretrained: { file, frozen } }),
  };
}

/** Undefined when the job does not set it. */
function frozenAsSet({ texts, values }: ReadValues, which: 0 | 1): boolean | undefined {
  const name = `enc${which}_freeze_pretrained_embedding` as const;
  return Object.hasOwn(texts, name) ? values[name] : undefined;
}
