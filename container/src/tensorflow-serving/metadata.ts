/**
 * The answer of TF Serving's metadata route: every signature as it was saved (tensorflow_serving/apis,
 * GetModelMetadataResponse as JSON).
 */
import type { DATA_TYPES } from '../savedmodel/data-type.ts';
import type { SavedModelSummary, SavedSignature, SignatureTensor } from '../savedmodel/read-saved-model.ts';
import type { FoundVersion } from './find-saved-models.ts';

/** TensorFlow's own names where they are not ours in capitals. */
const TYPE_NAMES: Readonly<Partial<Record<keyof typeof DATA_TYPES, string>>> = {
  float16: 'DT_HALF',
  float32: 'DT_FLOAT',
  float64: 'DT_DOUBLE',
};

export function describeMetadata({ name, version }: FoundVersion, model: SavedModelSummary): unknown {
  const signatures = Object.fromEntries([...model.signatures].map(([key, value]) => [key, describeSignature(value)]));
  return {
    model_spec: { name, signature_name: '', version },
    metadata: { signature_def: { signature_def: signatures } },
  };
}

function describeSignature({ inputs, outputs, method }: SavedSignature): unknown {
  return { inputs: describeTensors(inputs), outputs: describeTensors(outputs), method_name: method };
}

function describeTensors(tensors: ReadonlyMap<string, SignatureTensor>): unknown {
  return Object.fromEntries(
    [...tensors].map(([key, { node, dtype, shape }]) => [
      key,
      {
        dtype: dtype === undefined ? 'DT_INVALID' : (TYPE_NAMES[dtype] ?? `DT_${dtype.toUpperCase()}`),
        tensor_shape: {
          dim: (shape ?? []).map((size) => ({ size: String(size), name: '' })),
          unknown_rank: shape === undefined,
        },
        name: node,
      },
    ]),
  );
}
