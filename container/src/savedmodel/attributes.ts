/**
 * AttrValue: typed attributes of graph nodes. `attr.int(3)` is what `NodeDef.attr` holds for an int.
 */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { type MessageWriter, writeBool, writeBytes, writeFloat, writeInt, writeMessage } from '#core/protobuf/wire.ts';
import { DATA_TYPES, type DataType } from './data-type.ts';
import { type ConstantTensor, writeTensorFields } from './tensor-proto.ts';
import { type Shape, writeShapeFields } from './tensor-shape.ts';

/** Writes the fields of one AttrValue. */
export type Attribute = MessageWriter;
export type Attributes = Readonly<Record<string, Attribute>>;

const utf8 = new TextEncoder();
const LIST_FIELD = 1;

function list<T>(field: number, items: readonly T[], write: (writer: BinaryWriter, field: number, item: T) => void) {
  return (writer: BinaryWriter): void =>
    writeMessage(writer, LIST_FIELD, (values) => {
      for (const item of items) write(values, field, item);
    });
}

export const attr = {
  string:
    (value: string): Attribute =>
    (writer) =>
      writeBytes(writer, 2, utf8.encode(value)),
  int:
    (value: number | bigint): Attribute =>
    (writer) =>
      writeInt(writer, 3, value),
  float:
    (value: number): Attribute =>
    (writer) =>
      writeFloat(writer, 4, value),
  bool:
    (value: boolean): Attribute =>
    (writer) =>
      writeBool(writer, 5, value),
  type:
    (value: DataType): Attribute =>
    (writer) =>
      writeInt(writer, 6, DATA_TYPES[value]),
  /** -1 is any size; `undefined` is an unknown rank. */
  shape:
    (value: Shape | undefined): Attribute =>
    (writer) =>
      writeMessage(writer, 7, (shape) => writeShapeFields(shape, value)),
  tensor:
    (value: ConstantTensor): Attribute =>
    (writer) =>
      writeMessage(writer, 8, (tensor) => writeTensorFields(tensor, value)),
  listString: (values: readonly string[]): Attribute =>
    list(2, values, (writer, field, value) => writeBytes(writer, field, utf8.encode(value))),
  listInt: (values: readonly number[]): Attribute => list(3, values, writeInt),
  listFloat: (values: readonly number[]): Attribute => list(4, values, writeFloat),
  listType: (values: readonly DataType[]): Attribute =>
    list(6, values, (writer, field, value) => writeInt(writer, field, DATA_TYPES[value])),
  listShape: (values: readonly (Shape | undefined)[]): Attribute =>
    list(7, values, (writer, field, value) => writeMessage(writer, field, (shape) => writeShapeFields(shape, value))),
} as const;
