import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { encodeMessage, readFields, writeBytes, writeInt, writeMessage, writeString } from '#core/protobuf/wire.ts';
import { attr } from '../../../../container/src/savedmodel/attributes.ts';
import { concatBytes } from '../../../../container/src/savedmodel/bytes.ts';
import { GraphDefBuilder } from '../../../../container/src/savedmodel/graph-def.ts';
import { decodeSavedModel } from '../../../../container/src/savedmodel/read-saved-model.ts';
import {
  type GraphRewrite,
  nodeBytes,
  renamedNode,
  rewriteGraph,
} from '../../../../container/src/savedmodel/rewrite-graph.ts';

/** Fields that no SavedModel has today: whatever a later TensorFlow adds must come through. */
function writeUnknownFields(writer: BinaryWriter): void {
  writer.tag(901, WireType.Bit64).fixed64(123456789n);
  writer.tag(902, WireType.Bit32).fixed32(42);
  writeBytes(writer, 903, Uint8Array.of(1, 2, 3));
  writeInt(writer, 904, -1n);
}

/** Two graphs, the second tagged "serve", with a function library and unknown fields at every level. */
function savedModelOf(graph: GraphDefBuilder): Uint8Array {
  return encodeMessage((model) => {
    writeInt(model, 1, 1);
    for (const tag of ['train', 'serve']) {
      writeMessage(model, 2, (meta) => {
        writeMessage(meta, 1, (info) => writeString(info, 4, tag));
        writeMessage(meta, 2, (fields) => {
          graph.writeFields(fields);
          writeMessage(fields, 2, (library) =>
            writeMessage(library, 1, (definition) => {
              writeMessage(definition, 1, (signature) => writeString(signature, 1, '__inference_f_7'));
              writeMessage(definition, 3, (node) => {
                writeString(node, 1, 'inside');
                writeString(node, 2, 'MatMul');
                writeUnknownFields(node);
              });
            }),
          );
          writeUnknownFields(fields);
        });
        writeUnknownFields(meta);
      });
    }
    writeUnknownFields(model);
  });
}

function smallGraph(): GraphDefBuilder {
  const graph = new GraphDefBuilder();
  const x = graph.placeholder('x', 'float32', [-1]);
  graph.node('Identity', 'y', [x], { T: attr.type('float32') });
  return graph;
}

/** Every field of a message as text, but those of the number left out. */
function fieldsBut(bytes: Uint8Array, left: number): string[] {
  const fields: string[] = [];
  readFields(bytes, (field, reader, wireType) => {
    const start = reader.pos;
    reader.skip(wireType, field);
    if (field !== left) fields.push(`${field}: ${Buffer.from(bytes.subarray(start, reader.pos)).toString('hex')}`);
    return true;
  });
  return fields;
}

function metaGraphs(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  readFields(bytes, (field, reader) => field === 2 && found.push(reader.bytes()) > 0);
  return found;
}

const graphOf = (meta: Uint8Array) => metaGraphs(meta)[0]!;

describe('a rewritten graph', () => {
  it('that nobody changes is the same to the byte', () => {
    const bytes = savedModelOf(smallGraph());
    expect(concatBytes(rewriteGraph(bytes, 1, []))).toEqual(bytes);
    expect(concatBytes(rewriteGraph(bytes, 1, [{ replace: () => undefined }]))).toEqual(bytes);
  });

  it('keeps everything but the nodes it is about: functions, unknown fields, the other graphs', () => {
    // Prepare
    const bytes = savedModelOf(smallGraph());
    const rewrite: GraphRewrite = {
      replace: (node) =>
        node.name === 'y'
          ? [renamedNode(node, 'z'), nodeBytes({ op: 'NoOp', name: 'y', inputs: [], attributes: {} })]
          : undefined,
      added: [{ op: 'NoOp', name: 'last', inputs: [], attributes: {}, device: '/device:CPU:0' }],
    };

    // Act
    const after = concatBytes(rewriteGraph(bytes, 1, [rewrite]));

    // Assess
    const [train, serve] = metaGraphs(after);
    const [trainBefore, serveBefore] = metaGraphs(bytes);
    expect(fieldsBut(after, 2)).toEqual(fieldsBut(bytes, 2));
    expect(train).toEqual(trainBefore);
    expect(fieldsBut(serve!, 2)).toEqual(fieldsBut(serveBefore!, 2));
    expect(fieldsBut(graphOf(serve!), 1)).toEqual(fieldsBut(graphOf(serveBefore!), 1));
    const { nodes, functions } = decodeSavedModel(after);
    expect(nodes.map(({ name, op }) => `${name} ${op}`)).toEqual([
      'x Placeholder',
      'z Identity',
      'y NoOp',
      'last NoOp',
    ]);
    expect(functions).toEqual([
      { name: '__inference_f_7', nodes: [{ name: 'inside', op: 'MatMul', inputs: [], device: '', calls: [] }] },
    ]);
  });

  it('takes several changes one after the other', () => {
    // Prepare
    const rename = (from: string, to: string): GraphRewrite => ({
      replace: (node) => (node.name === from ? [renamedNode(node, to)] : undefined),
    });

    // Act
    const after = rewriteGraph(savedModelOf(smallGraph()), 1, [rename('x', 'a'), rename('a', 'b')]);

    // Assess
    expect(decodeSavedModel(concatBytes(after)).nodes.map(({ name }) => name)).toEqual(['b', 'y']);
  });

  it('of a file that is cut off is refused', () => {
    const bytes = savedModelOf(smallGraph());
    for (let length = 1; length < bytes.length; length += 7) {
      const cut = bytes.subarray(0, length);
      try {
        const whole = concatBytes(rewriteGraph(cut, 1, [{ replace: () => undefined }]));
        expect(whole).toEqual(cut);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'InvalidArtifact' });
      }
    }
  });
});
