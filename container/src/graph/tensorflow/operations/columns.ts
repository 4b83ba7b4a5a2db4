/**
 * Joining, cutting and padding columns.
 */
import { attr } from '../../../savedmodel/attributes.ts';
import { int32Vector } from '../../../savedmodel/tensor-proto.ts';
import { type Node, numberAttribute } from '../../node.ts';
import { fixedWidth } from '../../operations/shape-rules.ts';
import { FLOAT, type Lowering, type LowerOperation } from '../lowering.ts';

export const concat_columns: LowerOperation = (lower, inputs) =>
  lower.node('ConcatV2', [...inputs, lower.int(1)], { N: attr.int(inputs.length) });

export const slice_columns: LowerOperation = (lower, [source = ''], node) =>
  partOfProduct(lower, node) ?? sliceOf(lower, source, node);

const sliceOf = (lower: Lowering, source: string, { attributes }: Node): string => {
  const begin = lower.ints([0, numberAttribute(attributes, 'begin')]);
  const size = lower.ints([-1, numberAttribute(attributes, 'size')]);
  return lower.node('Slice', [source, begin, size], { Index: attr.type('int32') });
};

export const pad_columns: LowerOperation = (lower, [source = ''], { attributes }) => {
  const sizes = int32Vector([0, 0, numberAttribute(attributes, 'before'), numberAttribute(attributes, 'after')]);
  return lower.node('Pad', [source, lower.graph.constant('constants/padding', { ...sizes, shape: [2, 2] })]);
};

/**
 * One of equal parts of a product a b^T, such as the gradient of joined columns: all parts come from one batched product,
 * which divides better over threads than the one large product, and need not be copied out of it. Undefined when the
 * columns are something else.
 */
function partOfProduct(lower: Lowering, { inputs, attributes }: Node): string | undefined {
  const [product] = inputs;
  const { transposeA, transposeB } = product?.attributes ?? {};
  if (product?.operation !== 'matmul' || transposeA === true || transposeB !== true) return undefined;
  const [begin, size] = [numberAttribute(attributes, 'begin'), numberAttribute(attributes, 'size')];
  const width = fixedWidth(product);
  if (begin % size !== 0 || width % size !== 0) return undefined;
  const [a, b] = product.inputs as [Node, Node];
  const lines = lower.shared('ExpandDims', [lower.tensor(a), lower.int(0)], FLOAT);
  const parts = lower.shared('Reshape', [lower.tensor(b), lower.ints([width / size, size, -1])], FLOAT);
  const products = lower.shared('BatchMatMulV2', [lines, parts], { ...FLOAT, adj_y: attr.bool(true) });
  const all = lower.shared('Unpack', [products], { ...FLOAT, num: attr.int(width / size) });
  return `${all}:${begin / size}`;
}
