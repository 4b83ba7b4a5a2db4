/**
 * Models that decode images themselves take them as strings, in whatever format the request has. Their string inputs are
 * marked, so that the size of an image is looked at before TensorFlow makes room for its pixels (spec faults I3).
 */
import type { TensorSignature, TensorSignatures } from '#core/tensors/signature.ts';
import type { TensorSpec } from '#core/tensors/tensor.ts';
import type { SavedModelSummary } from '../savedmodel/read-saved-model.ts';

/** Each of them decodes more formats than its name says. */
const DECODERS: ReadonlySet<string> = new Set([
  ...['DecodeJpeg', 'DecodeAndCropJpeg', 'DecodePng', 'DecodeGif', 'DecodeBmp', 'DecodeWebP', 'DecodeImage'],
]);

/** The signatures, string inputs marked where the graph has an operation that decodes images, in a function or not. */
export function withImagesInStrings(
  signatures: ReadonlyMap<string, TensorSignature>,
  { nodes, functions }: Pick<SavedModelSummary, 'nodes' | 'functions'>,
): TensorSignatures {
  const decodes = [nodes, ...functions.map((one) => one.nodes)].some((list) => list.some(({ op }) => DECODERS.has(op)));
  if (!decodes) return signatures;
  const marked = (spec: TensorSpec): TensorSpec => (spec.dtype === 'string' ? { ...spec, mayBeImages: true } : spec);
  return new Map(
    [...signatures].map(([name, { inputs, outputs }]) => {
      const markedInputs = Object.fromEntries(Object.entries(inputs).map(([input, spec]) => [input, marked(spec)]));
      return [name, { inputs: markedInputs, outputs }] as const;
    }),
  );
}
