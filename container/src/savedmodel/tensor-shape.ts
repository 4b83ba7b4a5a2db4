/**
 * TensorShapeProto: a list of sizes where -1 is any size; `undefined` stands for an unknown rank.
 */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { readFields, readInt, writeBool, writeInt, writeMessage } from '#core/protobuf/wire.ts';

export type Shape = readonly number[];

export function writeShapeFields(writer: BinaryWriter, shape: Shape | undefined): void {
  if (shape === undefined) {
    writeBool(writer, 3, true);
    return;
  }
  for (const size of shape) writeMessage(writer, 2, (dim) => writeInt(dim, 1, size));
}

export function readShape(bytes: Uint8Array): Shape | undefined {
  const shape: number[] = [];
  let unknownRank = false;
  readFields(bytes, (field, reader) => {
    if (field === 2) shape.push(readSize(reader.bytes()));
    else if (field === 3) unknownRank = reader.bool();
    else return false;
    return true;
  });
  return unknownRank ? undefined : shape;
}

function readSize(bytes: Uint8Array): number {
  let size = 0;
  readFields(bytes, (field, reader) => {
    if (field !== 1) return false;
    size = readInt(reader);
    return true;
  });
  return size;
}

export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}
