/**
 * Refuse here whatever the container would refuse, because a refusal here costs no GPU time and keeps its status.
 */
import { parseContentType } from '#core/http/content-type.ts';
import { LIMITS } from '#core/limits.ts';
import { decodeInferenceRequest } from '#core/object2vec/codec.ts';
import type { InputRules } from '#core/object2vec/inference-request.ts';
import { checkForm } from '#core/tensors/check-form.ts';
import { UNREAD_TEXT } from '#core/text/text-reader.ts';
import type { RouterEnvironment } from './environment.ts';
import type { NamedModel } from './models.ts';

/**
 * @param model One of several; the sizes of the environment are those of the default model
 * @throws TwinvecError naming the record and the position of the first thing that the container would refuse
 */
export function checkBody(
  body: Uint8Array,
  contentType: string | undefined,
  environment: RouterEnvironment,
  model?: NamedModel,
): void {
  const mediaType = parseContentType(contentType);
  if ((model?.kind ?? environment.MODEL_KIND) === 'tensorflow') {
    checkForm(body, mediaType);
    return;
  }
  const { IN0_VOCABULARY_SIZE, IN0_MAX_SEQ_LEN, IN0_TEXT, IN1_VOCABULARY_SIZE, IN1_MAX_SEQ_LEN, IN1_TEXT } =
    environment;
  decodeInferenceRequest(body, mediaType, {
    in0: model ? rulesOf() : rulesOf(IN0_VOCABULARY_SIZE, IN0_MAX_SEQ_LEN, IN0_TEXT),
    in1: model ? rulesOf() : rulesOf(IN1_VOCABULARY_SIZE, IN1_MAX_SEQ_LEN, IN1_TEXT),
    maxRecords: LIMITS.realTimeRecords.value,
    tolerateBadRecords: false,
  });
}

/** The words are with the model: text passes here when the model is said to read it, or nothing is known of the model. */
function rulesOf(vocabularySize?: number, maxSeqLen?: number, readsText = vocabularySize === undefined): InputRules {
  return {
    vocabularySize: vocabularySize ?? LIMITS.tokenId.value,
    maxSeqLen: maxSeqLen ?? LIMITS.sequenceLength.value,
    ...(readsText && { text: UNREAD_TEXT }),
  };
}
