import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attr } from '../../../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../../../container/src/savedmodel/graph-def.ts';
import { decodeSavedModel, readSavedModel } from '../../../../container/src/savedmodel/read-saved-model.ts';
import { encodeSavedModel, type TensorEndpoint } from '../../../../container/src/savedmodel/saved-model.ts';
import { writeHalfPlusTwo } from '../../../fixtures/savedmodel/small-models.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';

const endpoint = (node: string): TensorEndpoint => ({ node, dtype: 'float32', shape: [-1] });

describe('a SavedModel', () => {
  it('is a folder of the model and its variables, and nothing else', async () => {
    const dir = join(await temporaryFolder(), '1');
    await writeHalfPlusTwo(dir);
    expect(readdirSync(dir).sort()).toEqual(['saved_model.pb', 'variables']);
    expect(readdirSync(join(dir, 'variables')).sort()).toEqual(['variables.data-00000-of-00001', 'variables.index']);
  });

  it('tells its signatures, tags and nodes', async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await writeHalfPlusTwo(dir);

    // Act
    const model = readSavedModel(dir);

    // Assess
    expect(model.tags).toEqual(['serve']);
    expect(model.tensorflowVersion).toBe('2.21.0');
    const signature = model.signatures.get('serving_default');
    expect(signature?.method).toBe('tensorflow/serving/predict');
    expect(signature?.inputs.get('x')).toEqual({ node: 'x:0', dtype: 'float32', shape: [-1] });
    expect([...signature!.outputs.keys()]).toEqual(['y', 'twice']);
    expect(model.nodes.find(({ name }) => name === 'product')).toEqual({
      name: 'product',
      op: 'Mul',
      inputs: ['x', 'a/Read/ReadVariableOp'],
      device: '',
      calls: [],
    });
    expect(model.nodes.filter(({ op }) => op === 'RestoreV2')).toHaveLength(1);
  });

  it('of any names and shapes is read as it was written', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]{0,20}$/);
    const key = fc.string({ maxLength: 20 }).filter((text) => text.isWellFormed() && text !== '__proto__');
    const shape = fc.array(fc.integer({ min: -1, max: 2 ** 40 }), { maxLength: 4 });
    const dtype = fc.constantFrom('float32', 'int32', 'string');
    fc.assert(
      fc.property(fc.dictionary(key, fc.record({ name, shape, dtype })), (inputs) => {
        const graph = new GraphDefBuilder();
        const endpoints: Record<string, TensorEndpoint> = {};
        for (const [input, { name, shape, dtype }] of Object.entries(inputs)) {
          endpoints[input] = { node: `${graph.placeholder(name, dtype, shape)}:0`, dtype, shape };
        }
        const bytes = encodeSavedModel({ graph, signatures: { any: { inputs: endpoints, outputs: {} } } });
        expect(Object.fromEntries(decodeSavedModel(bytes).signatures.get('any')!.inputs)).toEqual(endpoints);
      }),
    );
  });

  it('that was cut off is refused at every length', async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await writeHalfPlusTwo(dir);
    const whole = readFileSync(join(dir, 'saved_model.pb'));

    // Act and assess
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSavedModel(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'InvalidArtifact' }),
      );
    }
  });

  it('is refused without a crash when its bytes are noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeSavedModel(bytes)).toThrow(expect.objectContaining({ code: 'InvalidArtifact' }));
      }),
    );
  });
});

describe('a graph under construction', () => {
  it('gives a taken name a number', () => {
    const graph = new GraphDefBuilder();
    const names = [1, 2, 3].map(() => graph.node('NoOp', 'done'));
    expect(names).toEqual(['done', 'done_1', 'done_2']);
  });

  it('puts control inputs last, as TensorFlow wants', () => {
    const graph = new GraphDefBuilder();
    const x = graph.placeholder('x', 'float32', []);
    const done = graph.node('NoOp', 'done');
    graph.node('Identity', 'y', [`^${done}`, x], { T: attr.type('float32') });
    expect([...graph.nodes].at(-1)?.inputs).toEqual(['x', '^done']);
  });

  it('shares one read of each variable', () => {
    const graph = new GraphDefBuilder();
    const variable = graph.variable({ name: 'w', shape: [2] });
    expect(graph.read(variable)).toBe(graph.read(variable));
  });

  it.each([
    [
      'a name that TensorFlow refuses',
      (graph: GraphDefBuilder) => graph.node('NoOp', 'a b'),
      'no node name like "a b"',
    ],
    ['an input that does not exist', (graph: GraphDefBuilder) => graph.node('Identity', 'y', ['x:1']), 'reads x:1'],
    [
      'two variables of one name',
      (graph: GraphDefBuilder) => [1, 2].map(() => graph.variable({ name: 'w', shape: [] })),
      'already a node named "w"',
    ],
    [
      'a constant that does not fill its shape',
      (graph: GraphDefBuilder) => encodeSavedModel({ graph: withShortConstant(graph), signatures: {} }),
      'cannot hold 1 elements',
    ],
    [
      'a signature of a node that does not exist',
      (graph: GraphDefBuilder) =>
        encodeSavedModel({ graph, signatures: { s: { inputs: {}, outputs: { y: endpoint('y:0') } } } }),
      'Signature s: no node y:0',
    ],
    [
      'a signature that does not say which output',
      (graph: GraphDefBuilder) =>
        encodeSavedModel({ graph, signatures: { s: { inputs: {}, outputs: { y: endpoint('y') } } } }),
      'must be written as node:output',
    ],
  ])('refuses %s', (_, build, message) => {
    expect(() => build(new GraphDefBuilder())).toThrow(message);
  });
});

function withShortConstant(graph: GraphDefBuilder): GraphDefBuilder {
  graph.constant('c', { dtype: 'float32', shape: [2], data: Float32Array.of(1) });
  return graph;
}
