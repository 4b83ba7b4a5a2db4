/**
 * Reads one feature of a tf.Example, where the blog post installs TensorFlow for it. A tf.Example is protobuf messages in
 * one another: Example { features } > Features { feature by name } > Feature { bytes_list } > BytesList { value }.
 */

/** The first value of a feature of bytes, or undefined. Throws RangeError when the bytes are no message. */
export function bytesFeature(example: Uint8Array, name: string): Uint8Array | undefined {
  const wanted = Buffer.from(name);
  for (const features of fieldsOf(example, 1)) {
    for (const entry of fieldsOf(features, 1)) {
      const [key] = fieldsOf(entry, 1);
      if (!key || !wanted.equals(key)) continue;
      const [feature] = fieldsOf(entry, 2);
      const [list] = feature ? fieldsOf(feature, 1) : [];
      return list && [...fieldsOf(list, 1)][0];
    }
  }
  return undefined;
}

/** Every value of a field that holds bytes. Fields of other kinds are stepped over. */
function* fieldsOf(message: Uint8Array, field: number): Generator<Uint8Array> {
  const reader = { bytes: message, at: 0 };
  while (reader.at < message.length) {
    const tag = readVarint(reader);
    const kind = tag % 8;
    const length = kind === 2 ? readVarint(reader) : fixedLength(kind, reader);
    const end = reader.at + length;
    if (end > message.length) throw new RangeError(`The tf.Example ends within a field at byte ${reader.at}`);
    if (kind === 2 && Math.floor(tag / 8) === field) yield message.subarray(reader.at, end);
    reader.at = end;
  }
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function fixedLength(kind: number, reader: Reader): number {
  if (kind === 1) return 8;
  if (kind === 5) return 4;
  if (kind !== 0) throw new RangeError(`The tf.Example has a field of kind ${kind} at byte ${reader.at}`);
  readVarint(reader);
  return 0;
}

function readVarint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new RangeError('The tf.Example ends within a number');
    value += (byte % 128) * 2 ** shift;
    if (byte < 128) return value;
  }
  throw new RangeError('The tf.Example has a number of more than ten bytes');
}
