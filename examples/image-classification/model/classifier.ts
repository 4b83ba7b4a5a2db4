/**
 * The example's models: a small residual network that tells patterns apart, once with JPEG decoding inside, as in the
 * ResNet-50 of AWS's blog post, and once on pixels. Its weights are set by hand, so that nothing has to be downloaded.
 */
import { attr } from '../../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../../container/src/savedmodel/graph-def.ts';
import { writeSavedModel } from '../../../container/src/savedmodel/saved-model.ts';
import { float32Scalar, int32Scalar, int32Vector } from '../../../container/src/savedmodel/tensor-proto.ts';
import { forEach } from './for-each.ts';
import { CLASSES, WEIGHTS } from './weights.ts';

/** Height and width of what the network sees. */
export const SIDE = 32;

const PIXELS = [SIDE, SIDE, 3];
const FLOAT = { T: attr.type('float32') };
const INT = attr.type('int32');

/** `image_bytes` (strings, JPEG or PNG) -> `classes` (int64), `probabilities`. */
export async function writeImageModel(dir: string): Promise<void> {
  const graph = new GraphDefBuilder();
  const images = graph.placeholder('input_tensor', 'string', [-1]);
  const flat = forEach(graph, images, SIDE * SIDE * 3, (image) => decode(graph, image));
  const pixels = graph.node('Reshape', 'pixels', [flat, graph.constant('shape', int32Vector([-1, ...PIXELS]))], FLOAT);
  await write(dir, graph, pixels, { image_bytes: { node: `${images}:0`, dtype: 'string', shape: [-1] } });
}

/** `pixels` (float32 from 0 to 1) -> the same: for callers that decode, or for a recipe. */
export async function writePixelModel(dir: string): Promise<void> {
  const graph = new GraphDefBuilder();
  const pixels = graph.placeholder('input_tensor', 'float32', [-1, ...PIXELS]);
  await write(dir, graph, pixels, { pixels: { node: `${pixels}:0`, dtype: 'float32', shape: [-1, ...PIXELS] } });
}

/** One file to SIDE * SIDE * 3 floats from 0 to 1. */
function decode(graph: GraphDefBuilder, image: string): string {
  const constant = (name: string, values: readonly number[]) => graph.constant(name, int32Vector(values), [image]);
  const decoded = graph.node('DecodeJpeg', 'decode/image', [image], { channels: attr.int(3) });
  const floats = graph.node('Cast', 'decode/floats', [decoded], { SrcT: attr.type('uint8'), DstT: FLOAT.T });
  const first = graph.constant('decode/first', int32Scalar(0), [image]);
  const batch = graph.node('ExpandDims', 'decode/batch', [floats, first], { ...FLOAT, Tdim: INT });
  const resized = graph.node('ResizeBilinear', 'decode/resized', [batch, constant('decode/size', [SIDE, SIDE])], {
    ...FLOAT,
    half_pixel_centers: attr.bool(true),
  });
  const scale = graph.constant('decode/scale', float32Scalar(1 / 255), [image]);
  const scaled = graph.node('Mul', 'decode/scaled', [resized, scale], FLOAT);
  return graph.node('Reshape', 'decode/flat', [scaled, constant('decode/all', [-1])], FLOAT);
}

type Inputs = Parameters<typeof writeSavedModel>[1]['signatures'][string]['inputs'];

async function write(dir: string, graph: GraphDefBuilder, pixels: string, inputs: Inputs): Promise<void> {
  const probabilities = graph.node('Softmax', 'softmax_tensor', [residualNetwork(graph, pixels)], FLOAT);
  const classes = graph.node('ArgMax', 'ArgMax', [probabilities, graph.constant('class_axis', int32Scalar(1))], {
    ...FLOAT,
    Tidx: INT,
    output_type: attr.type('int64'),
  });
  await writeSavedModel(dir, {
    graph,
    signatures: {
      serving_default: {
        inputs,
        outputs: {
          classes: { node: `${classes}:0`, dtype: 'int64', shape: [-1] },
          probabilities: { node: `${probabilities}:0`, dtype: 'float32', shape: [-1, CLASSES.length] },
        },
      },
    },
    variables: Object.entries(WEIGHTS).map(([name, { shape, values }]) => ({
      name,
      shape,
      data: Float32Array.from(values),
    })),
  });
}

/** Edges, one residual block, their mean over the image, and a layer of classes. */
function residualNetwork(graph: GraphDefBuilder, pixels: string): string {
  const weight = (name: keyof typeof WEIGHTS) => graph.read(graph.variable({ name, shape: WEIGHTS[name].shape }));
  const convolve = (input: string, name: 'stem' | 'block_1' | 'block_2', padding: 'VALID' | 'SAME') =>
    graph.node('Conv2D', `${name}/output`, [input, weight(name)], {
      ...FLOAT,
      strides: attr.listInt([1, 1, 1, 1]),
      padding: attr.string(padding),
    });
  const relu = (input: string, name: string) => graph.node('Relu', name, [input], FLOAT);

  const edges = relu(convolve(pixels, 'stem', 'VALID'), 'edges');
  const inner = convolve(relu(convolve(edges, 'block_1', 'SAME'), 'inner'), 'block_2', 'SAME');
  const block = relu(graph.node('AddV2', 'shortcut', [edges, inner], FLOAT), 'block');
  const mean = graph.node('Mean', 'mean', [block, graph.constant('image_axes', int32Vector([1, 2]))], {
    ...FLOAT,
    Tidx: INT,
  });
  const scores = graph.node('MatMul', 'scores', [mean, weight('classes')], FLOAT);
  return graph.node('AddV2', 'logits', [scores, weight('bias')], FLOAT);
}
