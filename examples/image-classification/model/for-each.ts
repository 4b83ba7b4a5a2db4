/** A loop over a vector of strings inside a graph, which is how models that decode images take many at once. */
import { attr } from '../../../container/src/savedmodel/attributes.ts';
import type { GraphDefBuilder } from '../../../container/src/savedmodel/graph-def.ts';
import { int32Scalar } from '../../../container/src/savedmodel/tensor-proto.ts';

const FLOAT = { T: attr.type('float32') };

/** A TensorFlow 1 loop over a vector of strings; `body` makes `width` floats of each. Gives [n, width]. */
export function forEach(graph: GraphDefBuilder, items: string, width: number, body: (item: string) => string): string {
  const INT = { T: attr.type('int32') };
  const zero = graph.constant('loop/zero', int32Scalar(0));
  const size = graph.node('Size', 'loop/size', [items], { T: attr.type('string'), out_type: attr.type('int32') });
  const results = graph.node('TensorArrayV3', 'loop/results', [size], {
    dtype: attr.type('float32'),
    element_shape: attr.shape([width]),
  });
  const enter = (
    name: string,
    input: string,
    dtype: 'int32' | 'float32' | 'string' | 'resource',
    isConstant: boolean,
  ) =>
    graph.node('Enter', `loop/enter_${name}`, [input], {
      T: attr.type(dtype),
      frame_name: attr.string('loop'),
      is_constant: attr.bool(isConstant),
    });
  const limit = enter('size', size, 'int32', true);
  const all = enter('items', items, 'string', true);
  const handle = enter('results', results, 'resource', true);
  const merge = (name: string, input: string, type: typeof INT) =>
    graph.node('Merge', `loop/merge_${name}`, [input], { ...type, N: attr.int(2) });
  const index = merge('index', enter('index', zero, 'int32', false), INT);
  const flow = merge('flow', enter('flow', `${results}:1`, 'float32', false), FLOAT);
  const goesOn = graph.node('LoopCond', 'loop/goes_on', [graph.node('Less', 'loop/less', [index, limit], INT)]);
  const inIndex = graph.node('Switch', 'loop/switch_index', [index, goesOn], INT);
  const inFlow = graph.node('Switch', 'loop/switch_flow', [flow, goesOn], FLOAT);
  const here = graph.node('Identity', 'loop/here', [`${inIndex}:1`], INT);
  const axis = graph.constant('loop/axis', int32Scalar(0), [here]);
  const item = graph.node('GatherV2', 'loop/item', [all, here, axis], {
    Tparams: attr.type('string'),
    Tindices: attr.type('int32'),
    Taxis: attr.type('int32'),
  });
  const written = graph.node('TensorArrayWriteV3', 'loop/write', [handle, here, body(item), `${inFlow}:1`], FLOAT);
  const next = graph.node('AddV2', 'loop/next', [here, graph.constant('loop/one', int32Scalar(1), [here])], INT);
  graph.connect(index, graph.node('NextIteration', 'loop/next_index', [next], INT));
  graph.connect(flow, graph.node('NextIteration', 'loop/next_flow', [written], FLOAT));
  const done = graph.node('Exit', 'loop/done', [inFlow], FLOAT);
  const order = graph.node('Range', 'loop/order', [zero, size, graph.constant('loop/step', int32Scalar(1))], {
    Tidx: attr.type('int32'),
  });
  return graph.node('TensorArrayGatherV3', 'loop/gathered', [results, order, done], {
    dtype: attr.type('float32'),
    element_shape: attr.shape([width]),
  });
}
