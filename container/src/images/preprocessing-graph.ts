/**
 * A recipe as a TensorFlow graph: file bytes -> pixels -> resized -> scaled. The decoders and the resizing are the
 * kernels that training pipelines in TensorFlow use, so a served image has the numbers that the model was trained on.
 */
import { attr } from '../savedmodel/attributes.ts';
import { GraphDefBuilder } from '../savedmodel/graph-def.ts';
import type { SavedModelParts } from '../savedmodel/saved-model.ts';
import { int32Scalar, int32Vector } from '../savedmodel/tensor-proto.ts';
import type { ImageRecipe } from './recipe.ts';

/** The one signature: `image`, a scalar string, to `pixels`, float32 of {@link pixelShape}. */
export const PREPROCESSING = { signature: 'preprocess', image: 'image', pixels: 'pixels' } as const;

const RESIZE_OPS = { bilinear: 'ResizeBilinear', bicubic: 'ResizeBicubic', nearest: 'ResizeNearestNeighbor' } as const;
const float = attr.type('float32');
const int = attr.type('int32');

/** Of one image, without the batch. */
export function pixelShape({ channels, resize: { height, width }, layout }: ImageRecipe): readonly number[] {
  return layout === 'NHWC' ? [height, width, channels] : [channels, height, width];
}

export function preprocessingModel(recipe: ImageRecipe): SavedModelParts {
  const graph = new GraphDefBuilder();
  const image = graph.placeholder('image', 'string', []);
  const decoded = graph.node('DecodeImage', 'decoded', [image], {
    channels: attr.int(recipe.channels),
    dtype: attr.type('uint8'),
    expand_animations: attr.bool(false),
  });
  const pixels = arrange(graph, normalize(graph, resize(graph, decoded, recipe), recipe), recipe);
  return {
    graph,
    signatures: {
      [PREPROCESSING.signature]: {
        inputs: { [PREPROCESSING.image]: { node: `${image}:0`, dtype: 'string', shape: [] } },
        outputs: { [PREPROCESSING.pixels]: { node: `${pixels}:0`, dtype: 'float32', shape: pixelShape(recipe) } },
      },
    },
  };
}

/** [height, width, channels] of bytes -> [1, wanted height, wanted width, channels] of floats. */
function resize(graph: GraphDefBuilder, decoded: string, { resize: wanted, channels }: ImageRecipe): string {
  const floats = graph.node('Cast', 'floats', [decoded], { SrcT: attr.type('uint8'), DstT: float });
  const axis = graph.constant('axis', int32Scalar(0));
  const batch = graph.node('ExpandDims', 'batch', [floats, axis], { T: float, Tdim: int });
  const size = graph.constant('size', int32Vector([wanted.height, wanted.width]));
  const resizeTo = (target: string) =>
    graph.node(RESIZE_OPS[wanted.method], 'resized', [batch, target], {
      T: float,
      half_pixel_centers: attr.bool(true),
    });
  if (wanted.fit === 'fill') return resizeTo(size);

  const covering = coveringSize(graph, decoded, size, axis);
  const two = graph.constant('two', int32Scalar(2));
  const over = graph.node('Sub', 'over', [covering, size], { T: int });
  const before = graph.node('FloorDiv', 'before', [over, two], { T: int });
  const zero = graph.constant('none', int32Vector([0]));
  const begin = graph.node('ConcatV2', 'begin', [zero, before, zero, axis], { N: attr.int(3), T: int, Tidx: int });
  const extent = graph.constant('extent', int32Vector([1, wanted.height, wanted.width, channels]));
  return graph.node('Slice', 'cut', [resizeTo(covering), begin, extent], { T: float, Index: int });
}

/** The smallest size of the image's own proportions that is nowhere smaller than `size`. */
function coveringSize(graph: GraphDefBuilder, decoded: string, size: string, axis: string): string {
  const shape = graph.node('Shape', 'shape', [decoded], { T: attr.type('uint8'), out_type: int });
  const sides = graph.node(
    'Slice',
    'sides',
    [shape, graph.constant('first', int32Vector([0])), graph.constant('sides_count', int32Vector([2]))],
    { T: int, Index: int },
  );
  const toFloat = (node: string) => graph.node('Cast', 'as_float', [node], { SrcT: int, DstT: float });
  const [own, wanted] = [toFloat(sides), toFloat(size)];
  const ratios = graph.node('RealDiv', 'ratios', [wanted, own], { T: float });
  const ratio = graph.node('Max', 'ratio', [ratios, axis], { T: float, Tidx: int });
  const scaled = graph.node('Round', 'rounded', [graph.node('Mul', 'scaled', [own, ratio], { T: float })], {
    T: float,
  });
  const whole = graph.node('Cast', 'covering', [scaled], { SrcT: float, DstT: int });
  return graph.node('Maximum', 'at_least', [whole, size], { T: int });
}

function normalize(graph: GraphDefBuilder, pixels: string, { scale, mean, std }: ImageRecipe): string {
  const values = (name: string, of: number | readonly number[]) => {
    const data = Float32Array.from([of].flat());
    return graph.constant(name, { dtype: 'float32', shape: [data.length], data });
  };
  const scaled = graph.node('Mul', 'in_range', [pixels, values('scale', scale)], { T: float });
  const centred = graph.node('Sub', 'centred', [scaled, values('mean', mean)], { T: float });
  return graph.node('RealDiv', 'normalized', [centred, values('std', std)], { T: float });
}

function arrange(graph: GraphDefBuilder, batch: string, { layout }: ImageRecipe): string {
  const one = graph.node('Squeeze', 'one', [batch], { T: float, squeeze_dims: attr.listInt([0]) });
  if (layout === 'NHWC') return one;
  const order = graph.constant('order', int32Vector([2, 0, 1]));
  return graph.node('Transpose', 'channels_first', [one, order], { T: float, Tperm: int });
}
