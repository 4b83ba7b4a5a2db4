/**
 * Writes tf.Example messages (tensorflow/core/example/example.proto): features by name, each a list of one kind.
 */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { encodeMessage, type MessageWriter, writeBytes, writeMapEntry, writeMessage } from '#core/protobuf/wire.ts';

/** A list of one kind; `none` is a feature without a value, which tf.Example allows. */
export type FeatureList =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: ArrayLike<number> & Iterable<number> }
  | { readonly kind: 'int64'; readonly values: readonly (number | bigint)[] }
  | { readonly kind: 'none' };

export type Features = ReadonlyMap<string, FeatureList>;

const FIELD = { features: 1, feature: 1, bytesList: 1, floatList: 2, int64List: 3, value: 1 } as const;

export function encodeExample(features: Features): Uint8Array {
  return encodeMessage((example) =>
    writeMessage(example, FIELD.features, (writer) => {
      for (const [name, list] of features) {
        writeMapEntry(writer, FIELD.feature, name, (feature) => writeFeature(feature, list));
      }
    }),
  );
}

function writeFeature(feature: BinaryWriter, list: FeatureList): void {
  if (list.kind === 'bytes') {
    writeMessage(feature, FIELD.bytesList, (writer) => {
      for (const value of list.values) writeBytes(writer, FIELD.value, value);
    });
  } else if (list.kind === 'float') {
    writePacked(feature, FIELD.floatList, (packed) => {
      for (const value of list.values) packed.float(value);
    });
  } else if (list.kind === 'int64') {
    writePacked(feature, FIELD.int64List, (packed) => {
      for (const value of list.values) packed.int64(value);
    });
  }
}

/** A message whose only field is a packed list. */
function writePacked(feature: BinaryWriter, field: number, writeValues: MessageWriter): void {
  writeMessage(feature, field, (list) => writeMessage(list, FIELD.value, writeValues));
}
