/**
 * Protocol buffer fields without generated code: one function per field shape, over @bufbuild/protobuf's wire reader
 * and writer. Every message that Twinvec writes and reads, SavedModels and tf.Examples, goes through these.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Writes the fields of one message. */
export type MessageWriter = (writer: BinaryWriter) => void;

export function encodeMessage(write: MessageWriter): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

export function writeMessage(writer: BinaryWriter, field: number, write: MessageWriter): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

export function writeString(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

export function writeBytes(writer: BinaryWriter, field: number, value: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(value);
}

export function writeInt(writer: BinaryWriter, field: number, value: number | bigint): void {
  writer.tag(field, WireType.Varint).int64(value);
}

export function writeBool(writer: BinaryWriter, field: number, value: boolean): void {
  writer.tag(field, WireType.Varint).bool(value);
}

export function writeFloat(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Bit32).float(value);
}

export function writeFixed32(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Bit32).fixed32(value);
}

/** A map field is a repeated message of key (1) and value (2). */
export function writeMapEntry(writer: BinaryWriter, field: number, key: string, value: MessageWriter): void {
  writeMessage(writer, field, (entry) => {
    writeString(entry, 1, key);
    writeMessage(entry, 2, value);
  });
}

/** Calls `visit` for each field; what it does not read (returns false) is skipped, as unknown fields must be. */
export function readFields(
  bytes: Uint8Array,
  visit: (field: number, reader: BinaryReader, wireType: WireType) => boolean,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const before = reader.pos;
    if (!visit(field, reader, wireType)) {
      reader.pos = before;
      reader.skip(wireType, field);
    }
  }
}

/**
 * The message again with the content of some of its length-delimited fields replaced: messages, texts, bytes and map
 * entries. What `replace` answers as it came, and every other field, is copied.
 */
export function rewriteFields(
  bytes: Uint8Array,
  replace: (field: number, content: Uint8Array) => Uint8Array,
): Uint8Array {
  return encodeMessage((writer) => {
    readFields(bytes, (field, reader, wireType) => {
      writer.tag(field, wireType);
      if (wireType === WireType.LengthDelimited) writer.bytes(replace(field, reader.bytes()));
      else {
        const start = reader.pos;
        reader.skip(wireType, field);
        writer.raw(bytes.subarray(start, reader.pos));
      }
      return true;
    });
  });
}

/** One entry of a map<string, message> field. */
export function readMapEntry(bytes: Uint8Array): { key: string; value: Uint8Array } {
  let key = '';
  let value: Uint8Array = new Uint8Array(0);
  readFields(bytes, (field, reader) => {
    if (field === 1) key = reader.string();
    else if (field === 2) value = reader.bytes();
    else return false;
    return true;
  });
  return { key, value };
}

/** An int64 field as a number; sizes and offsets here stay below 2^53. */
export function readInt(reader: BinaryReader): number {
  return Number(reader.int64());
}
